"""What is said when the engine or a build fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions_model.core.failures import EnvironmentFailed, Location
from functions_model.engine.building import Transcript, explain, proxies
from functions_model.engine.compiling import explain_compiling
from functions_model.engine.connecting import open_engine


class TestCauses:
    @pytest.mark.parametrize(
        ("said", "told"),
        [
            (
                "error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory",
                "no C compiler. Add `apt-packages",
            ),
            ("error: [Errno 2] No such file or directory: 'cc'", "no C compiler"),
            ("a.c:1:10: fatal error: Python.h: No such file or directory", "no headers of Python. Add `python3-dev`"),
            ("a.c:1:10: fatal error: libpq-fe.h: No such file or directory", "no `libpq-fe.h`. Add the Debian package"),
            ("error: can't find Rust compiler", "no Rust compiler"),
            ("error: No interpreter found for Python 3.12 in search path", "the image has no Python 3.12 on its PATH"),
            ("E: Unable to locate package libnone", "no package `libnone`"),
            ("E: Package 'old' has no installation candidate", "no package `old`"),
            ("E: Version '9' for 'libgomp1' was not found", "no version `9`"),
            ("/bin/sh: 1: apt-get: not found", "no `apt-get`. Use a base image of Debian or Ubuntu."),
            ("E: Release file for http://h/InRelease is expired", "out of date: `http://h/InRelease`"),
            ("Temporary failure resolving 'h.test'", "cannot find the host `h.test`"),
            ("the --mount option requires BuildKit. Refer to", "only BuildKit understands"),
            (
                "COPY failed: file not found in build context or excluded by .dockerignore: stat a/b: file",
                "copies `a/b`",
            ),
            ("pull access denied for h/private, repository does not exist", "cannot pull `h/private`"),
        ],
    )
    def test_known_words_are_explained(self, said: str, told: str) -> None:
        """Each is told in the user's words, with what to do, and in full as the detail."""
        failure = explain("build", f"before\n{said}\nafter", "RUN x", "apt-packages")

        assert told in str(failure)
        assert said in failure.detail

    def test_unknown_words_name_the_step_and_the_last_line(self) -> None:
        """Nothing is guessed."""
        failure = explain("build", "one\ntwo\n\n", "RUN x", "dockerfile")

        assert "Could not build: dockerfile: the step `RUN x` failed: two. The details say why." == str(failure)

    def test_a_step_that_says_nothing_has_its_exit_code_and_its_place(self, tmp_path: Path) -> None:
        """The engine repeats the whole step, which was named already."""
        said = "what it wrote\nThe command '/bin/sh -c x' returned a non-zero code: 7"

        [problem] = explain("build", said, "RUN x", "dockerfile", Location(tmp_path, 3)).problems

        assert "the step `RUN x` ended with the exit code 7" == problem.what
        assert 3 == problem.location.line if problem.location else None


class TestCompiling:
    """What is said when a package cannot be compiled in the image."""

    def lines(self, name: str) -> Location | None:
        return Location(Path("requirements.txt"), 3) if name == "scikit-learn" else None

    def test_the_package_is_named_on_its_line(self) -> None:
        """With its build's own error, and not with the last words of a hint; what it offers has been seen to help."""
        said = (
            "Failed to build `scikit-learn==0.22.1`\n  cause: Call to `x` failed (exit status: 1)\n\n  [stderr]\n"
            "  Traceback (most recent call last):\n  ModuleNotFoundError: No module named 'pkg_resources'\n\n"
            "hint: This likely indicates\nor re-run with `--no-build-isolation`."
        )

        failure = explain_compiling(said, self.lines)

        [problem] = failure.problems
        assert "`scikit-learn==0.22.1` could not be compiled: ModuleNotFoundError: No module named 'pkg_resources'" == (
            problem.what
        )
        assert problem.remedy.startswith("Ask for a version that has a wheel. Or build its wheel once")
        assert ("environment-file", Location(Path("requirements.txt"), 3)) == (problem.subject, problem.location)
        assert "--no-build-isolation" in failure.detail

    def test_a_known_cause_names_it_too(self) -> None:
        """In the place of `a package`."""
        said = "Failed to build `scikit-learn==0.22.1`\nerror: [Errno 2] No such file or directory: 'cc'"

        [problem] = explain_compiling(said, self.lines).problems

        assert "`scikit-learn==0.22.1` must be compiled, and the image has no C compiler" == problem.what
        assert ("apt-packages", Location(Path("requirements.txt"), 3)) == (problem.subject, problem.location)

    def test_what_is_no_build_is_told_as_before(self) -> None:
        """Such as an index that does not answer."""
        [problem] = explain_compiling("one\nHash mismatch", self.lines).problems

        assert ("Hash mismatch", None) == (problem.what, problem.location)


class TestTranscript:
    def test_lines_are_told_whole(self) -> None:
        """Torn lines are joined, colours and overwritten progress are left out, empty lines are not told."""
        told: list[str] = []
        transcript = Transcript(told.append)
        for piece in ("Step 1/2 : FR", "OM a\n\n", "\x1b[1mbold\x1b[0m\n10%\r", "20%\r\n", "end"):
            transcript.write(piece)

        assert "Step 1/2 : FROM a\nbold\n20%\nend" == transcript.end()
        assert ["Step 1/2 : FROM a", "bold", "20%", "end"] == told
        assert "FROM a" == transcript.step


class TestEngine:
    def test_one_that_does_not_answer_is_named(self, tmp_path: Path) -> None:
        """The failure says where it was looked for, and what does without."""
        host = f"unix://{tmp_path}/none.sock"

        with (
            pytest.raises(EnvironmentFailed) as caught,
            open_engine(tmp_path, lambda _: None, {"DOCKER_HOST": host}),
        ):
            pass

        assert f"builder: no container engine answers at `{host}`. Run on a machine with Docker" in str(caught.value)

    def test_proxies_are_given_in_both_spellings(self) -> None:
        """Programs look for either."""
        given = proxies({"https_proxy": "http://p", "NO_PROXY": "h", "HTTP_PROXY": "", "OTHER": "x"})

        assert {"HTTPS_PROXY": "http://p", "https_proxy": "http://p", "NO_PROXY": "h", "no_proxy": "h"} == given
