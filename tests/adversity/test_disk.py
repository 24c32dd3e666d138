"""Disks that are full, over their quota, read-only or broken, and files of the CI host that take nothing."""

from __future__ import annotations

import errno
import io
import os
import resource
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from functions_model.ci import detect
from functions_model.ci.plain import PlainHost
from functions_model.ci.scrub import write_whole
from functions_model.cli.ending import annotated, tell_end
from functions_model.cli.report_directory import ReportDirectory
from functions_model.cli.work_folder import work_folder
from functions_model.core.failures import BundleFailed
from functions_model.engine.building import explain as explain_build
from support.adversity import Row, each
from support.deployment import read_outputs
from support.events import deployment
from support.hostile_runs import SECONDS
from support.small_disk import small_disk
from support.wanted import spec_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.hostile_runs import Place

OTHER = ", or name another folder in `TMPDIR`."
STANDS = "What the run has done stands."
FULL = f"no space left on the disk of `{{}}`. Make space there{OTHER}"


@dataclass(frozen=True)
class Refused:
    """An error of the system while a run keeps its files, and the words for it."""

    number: int
    words: str


ERRORS = [
    Row("the disk fills up below the work folder", "its place", Refused(errno.ENOSPC, FULL), "R6"),
    Row(
        "the quota is used up",
        "the quota",
        Refused(errno.EDQUOT, "the quota on the disk of `{}` is used up. Make space"),
        "R6",
    ),
    Row(
        "the file system is made read-only",
        "that",
        Refused(errno.EROFS, f"`{{}}` can only be read. Let this run write there{OTHER}"),
        "R6",
    ),
    Row(
        "a limit of file sizes is reached",
        "the limit",
        Refused(errno.EFBIG, "a file would be larger than `{}` may have any"),
        "R6",
    ),
    Row(
        "the disk is broken",
        "the disk",
        Refused(errno.EIO, "the disk of `{}` does not work (input/output error)"),
        "R6",
    ),
    Row(
        "no more files may be opened",
        "`ulimit -n`",
        Refused(errno.EMFILE, "a process may open no more files here. Have the limit (`ulimit -n`)"),
        "R6",
    ),
    Row(
        "the machine can open no more files",
        "the machine",
        Refused(errno.ENFILE, "this machine can open no more files"),
        "R6",
    ),
    Row("the system has no more memory", "memory", Refused(errno.ENOMEM, "this machine has no more memory"), "R6"),
]


@each(ERRORS)
def test_errors_of_the_system(row: Row[Refused], tmp_path: Path) -> None:
    """Whatever writes: such an error is no bug of ours, and no fault of a file."""
    with pytest.raises(BundleFailed) as caught, work_folder(parent=str(tmp_path)):
        raise OSError(row.case.number, os.strerror(row.case.number))

    assert row.case.words.format(tmp_path) in str(caught.value)
    assert 3 == caught.value.exit_code


def test_a_process_without_memory(tmp_path: Path) -> None:
    """Told as a lack of memory, and not as a bug of ours."""
    with pytest.raises(BundleFailed, match="this machine has no more memory"), work_folder(parent=str(tmp_path)):
        raise MemoryError


def test_an_error_of_ours_stays_one(tmp_path: Path) -> None:
    """What is about a file, and not about the machine, is no such failure."""
    with pytest.raises(FileNotFoundError), work_folder(parent=str(tmp_path)):
        raise FileNotFoundError(errno.ENOENT, "No such file", str(tmp_path / "x"))


def test_a_folder_that_others_tidy_up(tmp_path: Path) -> None:
    """Removed below a run: that is told."""

    def removed() -> None:
        with work_folder(parent=str(tmp_path)) as work:
            subprocess.run(["rm", "-r", str(work.parent)], check=True)
            (work / "new").touch()

    with pytest.raises(BundleFailed, match="has removed the folder of this run"):
        removed()


def test_an_engine_whose_disk_is_full() -> None:
    """Its disk is told, and not the step."""
    said = "write /var/lib/docker/tmp/x: no space left on device"

    assert "the container engine's disk is full" in str(explain_build("build", said, "RUN x", "apt-packages"))


FILES = [
    Row("`GITHUB_OUTPUT` is on a full disk", "a warning, exit code as it was", ("GITHUB_OUTPUT", "/dev/full"), "R6"),
    Row("`GITHUB_STEP_SUMMARY` is on a full disk", "the same", ("GITHUB_STEP_SUMMARY", "/dev/full"), "R6"),
    Row(
        "`FUNCTIONS_MODEL_OUTPUT_FILE` is on a full disk",
        "the same",
        ("FUNCTIONS_MODEL_OUTPUT_FILE", "/dev/full"),
        "R6",
    ),
    Row(
        "`FUNCTIONS_MODEL_SUMMARY_FILE` is on a full disk",
        "the same",
        ("FUNCTIONS_MODEL_SUMMARY_FILE", "/dev/full"),
        "R6",
    ),
    Row("`GITHUB_OUTPUT` is a pipe that nobody reads", "no hang", ("GITHUB_OUTPUT", "pipe"), "R6"),
    Row("`GITHUB_STEP_SUMMARY` is a folder", "a warning", ("GITHUB_STEP_SUMMARY", "."), "R6"),
    Row("`FUNCTIONS_MODEL_OUTPUT_FILE` is below a file", "a warning", ("FUNCTIONS_MODEL_OUTPUT_FILE", "taken/x"), "R6"),
    Row("`GITHUB_OUTPUT` goes round in links", "a warning", ("GITHUB_OUTPUT", "loop"), "R6"),
]


@each(FILES)
def test_files_of_the_host(row: Row[tuple[str, str]], tmp_path: Path) -> None:
    """A deployment that is live stays so: one warning names the file and its variable."""
    variable, name = row.case
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "taken").touch()
    (tmp_path / "loop").symlink_to("loop")
    on_github, stream = str(variable.startswith("GITHUB_")).lower(), io.StringIO()
    ci = detect({variable: str(tmp_path / name), "GITHUB_ACTIONS": on_github}, stream)

    with annotated(ci):
        tell_end(spec_for(), deployment(tmp_path), None, ci, 1.0)

    [told] = [line for line in stream.getvalue().splitlines() if "warning:" in line]
    assert f"Could not write `{tmp_path / name}`, which `{variable}` names: " in told
    assert told.endswith("What the run has done stands; only this file is not complete.")


@contextmanager
def no_longer_than(size: int) -> Iterator[None]:
    """No file gets longer than so many bytes: the write that would is cut short, and the next one fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_half_an_output_is_taken_back(tmp_path: Path) -> None:
    """What is there stays readable: the runner refuses a whole file for an output without its end."""
    (tmp_path / "output").write_text("a<<E\n1\nE\n")

    with no_longer_than(12), pytest.raises(OSError, match="too large"):
        write_whole(tmp_path / "output", "b<<E\n2\nE\n", "a")

    assert {"a": "1"} == read_outputs((tmp_path / "output").read_text())


def test_half_a_report_is_removed(tmp_path: Path) -> None:
    """One warning, and no file that looks like a plan and is none."""
    stream = io.StringIO()
    directory = ReportDirectory(tmp_path / "out", tmp_path)
    ci = directory.noting(PlainHost(stream))

    with no_longer_than(200):
        directory.write(spec_for(), deployment(tmp_path), {}, ci)

    told = "warning: Could not write the report to `out`: File too large (`out`). Have the limit"
    assert told in stream.getvalue()
    assert stream.getvalue().endswith(f"{STANDS}\n")
    assert [] == [path.name for path in (tmp_path / "out").iterdir() if path.stat().st_size == 200]


@dataclass(frozen=True)
class Whole:
    """A run with a small disk at one of its places.

    Attributes:
        at: The place: `tmp`, `cache`, `workspace/out`, `files`.
        size: Of the disk, as `mount` takes it.
        code: The exit code.
        says: The one error, or warning.
        inputs: More of them.
    """

    at: str
    size: str
    code: int
    says: str
    inputs: dict[str, str] = field(default_factory=dict)


FOLDER = {"builder": "dockerfile", "build-context": "out/context", "registry": "", "image-name": "x"}
REPORT = {"report-directory": "out/report"}
RUNS = [
    Row("the temporary disk has no room for a lock", "one error", Whole("tmp", "size=8k", 3, FULL), "R6"),
    Row("the temporary disk has no room for a package", "one error", Whole("tmp", "size=64k", 3, FULL), "R17"),
    Row("the temporary disk has no inodes left", "one error", Whole("tmp", "nr_inodes=12", 3, FULL), "R17"),
    Row(
        "uv's cache is on a small disk",
        "one error",
        Whole("cache", "size=64k", 3, FULL.replace("TMPDIR", "UV_CACHE_DIR")),
        "R17",
    ),
    Row(
        "the build context does not fit",
        "one error",
        Whole("workspace/out", "size=8k", 3, "no space left on the disk of", FOLDER),
        "R6",
    ),
    Row(
        "the folder of the build context can only be read",
        "one error",
        Whole("workspace/out", "ro", 3, "can only be read", FOLDER),
        "R6",
    ),
    Row(
        "the report does not fit", "a warning, exit code 0", Whole("workspace/out", "size=8k", 0, STANDS, REPORT), "R6"
    ),
    Row(
        "the folder of the report can only be read",
        "a warning, exit code 0",
        Whole("workspace/out", "ro", 0, STANDS, REPORT),
        "R6",
    ),
    Row(
        "the runner's files are on a full disk",
        "a warning each, exit code 0",
        Whole("files", "size=4k", 0, "only this file is not complete."),
        "R6",
    ),
]


@pytest.mark.exhaustive
@pytest.mark.needs("mount")
@each(RUNS)
def test_whole_runs(row: Row[Whole], place: Place, tmp_path: Path) -> None:
    """No traceback, an exit code with a cause, and nothing left."""
    case, disk = row.case, tmp_path / row.case.at
    place.inputs = {**place.inputs, **case.inputs}
    place.environ["UV_CACHE_DIR"] = (
        str(tmp_path / "cache") if case.at == "cache" else os.environ.get("UV_CACHE_DIR", "")
    )
    files = {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"} if case.at == "files" else {}
    place.environ |= {variable: str(disk / name) for variable, name in files.items()}

    with small_disk(disk, case.size):
        if files:
            (disk / "taken").write_bytes(bytes(4096))
        with place.start(stderr=subprocess.STDOUT) as process:
            said = process.communicate(timeout=SECONDS)[0].decode()
        assert [] == place.left()

    told = [line for line in said.splitlines() if line.startswith(("::error", "::warning"))]
    assert case.code == process.returncode, said
    assert max(1, len(files)) == len(told), said
    assert [] == [line for line in told if case.says.format(disk) not in line], said
    assert "Traceback" not in said
