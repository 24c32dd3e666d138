"""`requirements.txt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_model.core.failures import EnvironmentFailed, Location
from functions_model.core.secrets import Secret
from functions_model.environment import read_environment
from functions_model.environment.requirements import logical_lines

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.environment import EnvironmentRequest

ONES = "1" * 64
SERVER = "azureml-inference-server-http"


def read(folder: Path, text: str | bytes, **environ: str) -> EnvironmentRequest:
    """The request of a requirements file with that text."""
    path = folder / "requirements.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_environment(path, root=folder, environ=environ)


def problems(folder: Path, text: str | bytes, **environ: str) -> list[str]:
    """What is wrong, each as `file:line what`."""
    with pytest.raises(EnvironmentFailed) as failure:
        read(folder, text, **environ)
    return [
        f"{problem.location.file.name}:{problem.location.line} {problem.what}"
        for problem in failure.value.problems
        if problem.location
    ]


class TestRequirements:
    """Packages."""

    def test_reads_what_pip_reads(self, tmp_path: Path) -> None:
        """Versions, extras, markers, comments, continued lines, each with its line."""
        text = "# packages\nNumPy==1.26 # pinned\n\nscikit_learn[plot]>=1.5,\\\n    <2\npandas; python_version<'3.12'\n"

        request = read(tmp_path, text)

        assert [
            ("numpy", "NumPy==1.26", 2),
            ("scikit-learn", "scikit_learn[plot]<2,>=1.5", 4),
            ("pandas", 'pandas; python_version < "3.12"', 6),
        ] == [(one.name, one.text, one.location.line) for one in request.requirements if one.location]

    def test_hashes(self, tmp_path: Path) -> None:
        """Hashes are kept apart from the requirement."""
        request = read(tmp_path, f"six==1.17 \\\n  --hash=sha256:{ONES} \\\n  --hash sha384:{'2' * 96}\n")

        assert ("six==1.17", (f"sha256:{ONES}", f"sha384:{'2' * 96}")) == (
            request.requirements[0].text,
            request.requirements[0].hashes,
        )

    def test_wheel_by_url(self, tmp_path: Path) -> None:
        """A wheel may be named by its URL."""
        request = read(tmp_path, "six @ https://host.example/six-1.17.0-py3-none-any.whl\n")

        assert request.requirements[0].text == "six @ https://host.example/six-1.17.0-py3-none-any.whl"

    def test_adds_the_inference_server(self, tmp_path: Path) -> None:
        """What runs the entry script is added, beside `azureml-defaults` too."""
        assert ["azureml-defaults", SERVER] == [one.name for one in read(tmp_path, "azureml-defaults").requirements]

    def test_leaves_a_named_inference_server(self, tmp_path: Path) -> None:
        """The user's version of it holds."""
        request = read(tmp_path, "azureml.inference_server_http==1.4\nsix\n")

        assert ["azureml.inference_server_http==1.4", "six"] == [one.text for one in request.requirements]

    def test_no_file(self) -> None:
        """Without a file there is the inference server alone."""
        assert [SERVER] == [one.name for one in read_environment(None).requirements]

    def test_same_line_twice(self, tmp_path: Path) -> None:
        """The same request in two files is not a contradiction."""
        (tmp_path / "more.txt").write_text("six==1.17\n")

        assert ["six", SERVER] == [one.name for one in read(tmp_path, "six==1.17\n-r more.txt\n").requirements]

    def test_different_markers(self, tmp_path: Path) -> None:
        """One version for one Python and one for another is how pip wants it."""
        text = "numpy<2; python_version < '3.13'\nnumpy>=2; python_version >= '3.13'\n"

        assert len(read(tmp_path, text).requirements) == 3

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_encodings(self, encoding: str, tmp_path: Path) -> None:
        """PowerShell's redirection writes UTF-16, other tools a byte order mark."""
        assert read(tmp_path, "six\r\n".encode(encoding)).requirements[0].name == "six"


class TestOptions:
    """Options on lines of their own."""

    def test_indexes(self, tmp_path: Path) -> None:
        """Index options are read; URLs are secrets, with variables filled in."""
        (tmp_path / "wheels").mkdir()
        text = (
            "-i https://one.example/simple\n--extra-index-url=https://user:${TOKEN}@two.example/simple\n"
            "-f wheels\n--find-links https://three.example/wheels\n--pre\n--trusted-host four.example:8443\nsix\n"
        )

        indexes = read(tmp_path, text, TOKEN="hunter2").indexes

        assert indexes.index == Secret("https://one.example/simple")
        assert indexes.extra == (Secret("https://user:hunter2@two.example/simple"),)
        assert indexes.find_links == (tmp_path / "wheels", Secret("https://three.example/wheels"))
        assert (indexes.prereleases, indexes.no_index, indexes.trusted_hosts) == (True, False, ("four.example:8443",))
        assert "hunter2" not in repr(indexes)

    def test_includes(self, tmp_path: Path) -> None:
        """`-r` adds packages and `-c` limits, relative to the file that names them."""
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub/base.txt").write_text("six\n-c limits.txt\n")
        (tmp_path / "sub/limits.txt").write_text("numpy<2\n")

        request = read(tmp_path, "-rsub/base.txt\nnumpy\n")

        assert ["six", "numpy", SERVER] == [one.name for one in request.requirements]
        assert ["numpy<2"] == [one.text for one in request.constraints]
        assert request.where("six") == Location(tmp_path / "sub/base.txt", 1)

    @pytest.mark.parametrize("option", ["--prefer-binary", "--only-binary :all:", "--require-hashes"])
    def test_options_that_hold_anyway(self, option: str, tmp_path: Path) -> None:
        """Wheels only and hashes always is what is done."""
        assert read(tmp_path, f"{option}\nsix").requirements[0].name == "six"


REFUSED = [
    ("six=1.17", "`six=1.17` is not a requirement"),
    ("six 1.17", "`six 1.17` is not a requirement"),
    ("!", "`!` is not a requirement"),
    ("six==1\nsix==2", "`six` is listed twice"),
    ("six==1 --hash=md5:1", "`md5:1` is not a hash"),
    ("six==1 --global-option=x", "the option `--global-option` has no effect on wheels"),
    ("git+https://user:hunter2@host.example/x.git", "only wheels are installed"),
    ("x @ git+https://user:hunter2@host.example/x.git@main", "only wheels are installed"),
    ("https://user:hunter2@host.example/x-1.0-py3-none-any.whl", "does not say which package it is"),
    ("x @ https://user:hunter2@host.example/x-1.0-py3-none-any.whl", "contains a login or a query"),
    ("x @ https://host.example/x-1.0-py3-none-any.whl?sig=hunter2", "contains a login or a query"),
    ("x @ https://host.example/x-1.0.tar.gz", "is not a wheel's"),
    ("x @ ftp://host.example/x-1.0-py3-none-any.whl", "cannot be fetched"),
    ("x @ file:///wheels/x-1.0-py3-none-any.whl", "comes from a file of the machine that wrote this line"),
    ("./wheels/x-1.0-py3-none-any.whl", "does not exist next to `requirements.txt`"),
    ("x @ wheels/x-1.0-py3-none-any.whl", "does not exist next to `requirements.txt`"),
    ("x-1.0-py3-none-any.whl", "does not exist next to `requirements.txt`"),
    ("../x-1.0-py3-none-any.whl", "leads to"),
    ("./x-1.0.tar.gz", "is a path to something other than a wheel"),
    ("./libs/x", "is a path to something other than a wheel"),
    (".", "is a path"),
    ("x @ https://${HUNTER2}/x.whl", "it contains a variable"),
    ("-e .", "the option `--editable` cannot be followed"),
    ("--no-binary six", "only wheels are installed"),
    ("--xyzzy", "there is no option `--xyzzy`"),
    ("-r", "the option `--requirement` has no value"),
    ("-r none.txt", "`none.txt` does not exist next to `requirements.txt`"),
    ("-r ../outside.txt", "leads to"),
    ("-r https://host.example/r.txt", "cannot be read from a URL"),
    ("-r requirements.txt", "the file includes itself"),
    ("-r a b", "more follows after the option `--requirement`"),
    ("--index-url", "the option `--index-url` has no value"),
    ("--index-url hunter2", "is not an http or https URL"),
    ("--index-url ftp://hunter2", "is not an http or https URL"),
    ("--extra-index-url https://${TOKEN}@host.example", "needs `TOKEN`, which is not set"),
    ("--find-links none", "`none` does not exist"),
    ("--trusted-host https://host.example", "takes a host"),
    ("--index-url 'https://host.example", "a quote is not closed"),
    ("# nothing\n", "it asks for nothing"),
    ("", "it asks for nothing"),
]


class TestRefusals:
    """What cannot be followed."""

    @pytest.mark.parametrize(("text", "words"), REFUSED)
    def test_refuses(self, text: str, words: str, tmp_path: Path) -> None:
        """Each is told on its line, and no password with it."""
        (tmp_path.parent / "outside.txt").write_text("six\n")

        found = problems(tmp_path, text)

        assert [True] == [words in problem for problem in found]
        assert "hunter2" not in str(found).replace("HUNTER2", "")

    def test_all_at_once_with_lines(self, tmp_path: Path) -> None:
        """Problems of included files too."""
        (tmp_path / "more.txt").write_text("six\n-e .\n")

        found = problems(tmp_path, "=\n\n-r more.txt\n\\\nsix==1\n--xyzzy\n")

        assert ["requirements.txt:1", "more.txt:2", "requirements.txt:4", "requirements.txt:6"] == [
            one.split()[0] for one in found
        ]

    def test_not_text(self, tmp_path: Path) -> None:
        """The line of the first bad byte."""
        assert ["requirements.txt:2 the file is not UTF-8 text"] == problems(tmp_path, b"six\n\xff\n")

    def test_unknown_format(self, tmp_path: Path) -> None:
        """Formats that are not read are told, with those that are."""
        path = tmp_path / "Pipfile"
        path.write_text("")

        with pytest.raises(EnvironmentFailed, match=r"not one of the known formats.*requirements file"):
            read_environment(path)

    def test_missing_file(self, tmp_path: Path) -> None:
        """A file that went away is a failure like any other."""
        with pytest.raises(EnvironmentFailed, match="cannot be read"):
            read_environment(tmp_path / "requirements.txt")


class TestLines:
    """`logical_lines`."""

    @given(st.lists(st.sampled_from(["six", "a b", "# x", "", "c \\", "\\", "d # e"])))
    def test_numbers_lie_within_the_text(self, lines: list[str]) -> None:
        """Whatever is continued or commented out, numbers rise and name lines that exist."""
        numbers = [number for number, _ in logical_lines("\n".join(lines))]

        assert numbers == sorted(set(numbers))
        assert set(numbers) <= set(range(1, len(lines) + 1))
