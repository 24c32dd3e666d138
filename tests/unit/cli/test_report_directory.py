"""The folder for the files about a run: written at its end, however that comes."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.ci.github import GitHubHost
from functions_model.ci.host import Level
from functions_model.ci.plain import PlainHost
from functions_model.cli.once import run_once
from functions_model.cli.report_directory import ReportDirectory
from functions_model.core.report_names import MARKER
from functions_model.environment.locked_packages import LockedPackage
from functions_model.pipeline.events import EnvironmentResolved
from functions_model.report.formatting import last
from support.events import deployment
from support.function_app import write_files
from support.wanted import spec_for

if TYPE_CHECKING:
    from pathlib import Path

ID = "0a1b2c3d-1111-4222-8333-444455556666"

SCRIPT = "def init():\n    pass\n\n\ndef run(data):\n    return data\n"


class BrokenHost(PlainHost):
    """A CI host with a bug in it."""

    def info(self, text: str) -> None:
        """Break on the first line of a run that has read its inputs."""
        if text == "== Check":
            message = "boom"
            raise ZeroDivisionError(message)
        super().info(text)


class TestEnds:
    """Runs that end before there is anything but a log."""

    def test_refused_inputs(self, tmp_path: Path) -> None:
        """The log has every problem. Files of an earlier run are gone, and other files are left alone."""
        (tmp_path / "out").mkdir()
        for name in ("plan.json", "image.txt", "mine.txt", MARKER):
            (tmp_path / "out" / name).write_text("earlier")

        ending = run_once({"report-directory": "out", "app-name": "-x-"}, {}, PlainHost(io.StringIO()), tmp_path)

        assert 2 == ending.code
        assert {"log.txt", "mine.txt", MARKER} == {path.name for path in (tmp_path / "out").iterdir()}
        assert "error: app-name: " in (tmp_path / "out/log.txt").read_text()

    def test_a_bug_of_ours(self, tmp_path: Path) -> None:
        """The log has the traceback, for the report."""
        (tmp_path / "score.py").write_text(SCRIPT)
        (tmp_path / "weights.bin").write_bytes(b"1")
        given = {"mode": "package", "model-path": "weights.bin", "entry-script": "score.py", "registry": "localhost:1"}

        ending = run_once({**given, "report-directory": "out"}, {}, BrokenHost(io.StringIO()), tmp_path)

        assert 70 == ending.code
        assert "ZeroDivisionError: boom" in (tmp_path / "out/log.txt").read_text()

    @pytest.mark.parametrize("place", [".", "../out", "taken", "taken/deeper", "link"])
    def test_a_folder_that_cannot_be_meant(self, place: str, tmp_path: Path) -> None:
        """Is refused with all else that is wrong, and nothing is written."""
        workspace = tmp_path / "work"
        workspace.mkdir()
        (workspace / "taken").touch()
        (workspace / "link").symlink_to(tmp_path)
        stream = io.StringIO()

        run_once({"report-directory": place, "mode": "destroy"}, {}, PlainHost(stream), workspace)

        told = [line for line in stream.getvalue().splitlines() if line.startswith("error: ")]
        assert 1 == sum("report-directory: " in line for line in told)
        assert len(told) > 3
        assert {"work"} == {path.name for path in tmp_path.iterdir()}
        assert {"taken", "link"} == {path.name for path in workspace.iterdir()}

    @pytest.mark.parametrize(("place", "model"), [("model", "model"), ("model/deep", "model"), ("src", "model")])
    def test_a_folder_that_the_image_is_made_of(self, place: str, model: str, tmp_path: Path) -> None:
        """Is refused, and keeps what it has, even what an earlier run may have written."""
        texts = {"src/score.py": SCRIPT, "model/weights.bin": "1"}
        texts |= {f"{place}/{name}": "mine" for name in ("plan.json", "log.txt", MARKER)}
        write_files(tmp_path, texts)
        given = {"mode": "package", "model-path": model, "entry-script": "src/score.py", "registry": "localhost:1"}
        stream = io.StringIO()

        ending = run_once({**given, "report-directory": place}, {}, PlainHost(stream), tmp_path)

        found = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*.*")}
        assert 2 == ending.code
        assert f"report-directory: `{place}` is a part of what the image is made of" in stream.getvalue()
        assert texts == found


def claim(folder: Path) -> None:
    """Make a folder that an earlier run has written its report into."""
    folder.mkdir(parents=True)
    (folder / MARKER).touch()


def written(folder: Path, host: PlainHost | GitHubHost, said: str = "", ids: dict[str, str] | None = None) -> None:
    """The report of a deployment that went well and said this."""
    directory = ReportDirectory(folder / "deep" / "out", folder)
    ci = directory.noting(host)
    ci.info(said)
    directory.write(spec_for(), deployment(folder), ids or {}, ci)


class TestWriting:
    """`ReportDirectory`."""

    def test_never_goes_through_a_link(self, tmp_path: Path) -> None:
        """A file elsewhere stays as it is."""
        (tmp_path / "other.txt").write_text("other")
        claim(tmp_path / "deep/out")
        (tmp_path / "deep/out/log.txt").symlink_to(tmp_path / "other.txt")

        written(tmp_path, PlainHost(io.StringIO()), "said")

        assert "other" == (tmp_path / "other.txt").read_text()
        assert "said\n" == (tmp_path / "deep/out/log.txt").read_text()

    @pytest.mark.parametrize("name", ["plan.json", "log.txt"])
    def test_leaves_a_file_of_the_user(self, name: str, tmp_path: Path) -> None:
        """Where no report was before, a file of such a name is theirs: the folder gets none, and the log says why."""
        write_files(tmp_path, {f"deep/out/{name}": "mine"})
        stream = io.StringIO()

        written(tmp_path, PlainHost(stream))

        told = (
            f"warning: Could not write the report to `deep/out`: no earlier report has written it (`deep/out/{name}`)"
        )
        assert told in stream.getvalue()
        assert [(name, "mine")] == [(path.name, path.read_text()) for path in (tmp_path / "deep/out").iterdir()]

    def test_another_time_replaces_its_own(self, tmp_path: Path) -> None:
        """After the first report the folder is known as one."""
        written(tmp_path, PlainHost(io.StringIO()), "first")
        stream = io.StringIO()

        written(tmp_path, PlainHost(stream), "second")

        assert "second\n" == (tmp_path / "deep/out/log.txt").read_text()
        assert "warning" not in stream.getvalue()

    def test_that_fails_is_told_and_nothing_more(self, tmp_path: Path) -> None:
        """A deployment that is live stays a success."""
        claim(tmp_path / "deep/out")
        (tmp_path / "deep/out/log.txt").mkdir()
        stream = io.StringIO()

        written(tmp_path, PlainHost(stream))

        told = "warning: Could not write the report to `deep/out`: Is a directory (`deep/out/log.txt`). Remove what"
        assert told in stream.getvalue()

    def test_that_fails_by_a_bug_of_ours_is_told_and_nothing_more(self, tmp_path: Path) -> None:
        """The same: nobody deploys again for want of a file."""
        events = deployment(tmp_path)
        resolved = last(events, EnvironmentResolved)
        assert resolved
        lock = replace(resolved.lock, packages=(LockedPackage("six", "1.17.0", ("no hash",)),))
        directory, stream = ReportDirectory(tmp_path / "out", tmp_path), io.StringIO()
        ci = directory.noting(PlainHost(stream))

        directory.write(spec_for(), [*events, replace(resolved, lock=lock)], {}, ci)

        assert "Traceback" in stream.getvalue()
        assert "warning: Could not write the report to `out`: " in stream.getvalue()
        assert "a bug in functions-model-action" in stream.getvalue()

    def test_leaves_out_what_a_masked_value_would_damage(self, tmp_path: Path) -> None:
        """What people read is starred out, as a log is, also where the value was masked afterwards."""
        stream = io.StringIO()
        host = PlainHost(stream)
        directory = ReportDirectory(tmp_path / "out", tmp_path)
        ci = directory.noting(host)
        ci.info("it is six==1.17.0")
        ci.mask("six==1.17.0")

        directory.write(spec_for(), deployment(tmp_path), {}, ci)

        assert not (tmp_path / "out/requirements.lock").exists()
        assert "it is ***\n" == (tmp_path / "out/log.txt").read_text()
        assert "warning: The report has no `requirements.lock`: a value" in stream.getvalue()

    def test_names_ids_by_their_inputs(self, tmp_path: Path) -> None:
        """Many keep them as secrets, and whoever reads an artifact sees no host's stars."""
        written(tmp_path, PlainHost(io.StringIO()), f"/subscriptions/{ID}/x", {"subscription-id": ID})

        assert "/subscriptions/<subscription-id>/x\n" == (tmp_path / "deep/out/log.txt").read_text()

    def test_keeps_what_a_console_would_show(self, tmp_path: Path) -> None:
        """Groups, annotations, outputs; no command of the CI host, and no mask."""
        directory = ReportDirectory(tmp_path / "out", tmp_path)
        ci = directory.noting(GitHubHost({}, io.StringIO()))
        ci.mask("hunter22")
        with ci.group("Check"):
            ci.info("it is hunter22")
        ci.annotate(Level.WARNING, "old base")
        ci.output("image-tag", "v1")

        directory.write(None, [], {}, ci)

        lines = (tmp_path / "out/log.txt").read_text().splitlines()
        assert ["== Check", "it is ***", "   Check: 0.0 s", "warning: old base", "image-tag=v1"] == lines

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that belongs to somebody else")
    def test_gives_the_files_to_the_workspaces_owner(self, tmp_path: Path) -> None:
        """A container action runs as root, and the runner removes its workspace as another user."""
        os.chown(tmp_path, 1001, 1001)

        written(tmp_path, PlainHost(io.StringIO()), "said")

        found = [tmp_path / "deep", *(tmp_path / "deep").rglob("*")]
        assert (9, {1001}) == (len(found), {path.lstat().st_uid for path in found})
