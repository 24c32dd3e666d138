"""Standard streams that are closed, broken or full, and a folder that is gone: no traceback, and the true exit code."""

from __future__ import annotations

import os
import re
import shutil
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from support.adversity import Row, each
from support.hostile_runs import SECONDS, Place, full, without_reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.registry_server import RegistryServer

GONE, UNSAID = 128 + signal.SIGPIPE, 74
LOST = "functions-model: standard output cannot be written (No space left on device). What follows is not in it.\n"
NOWHERE = "functions-model: the folder that it is called in is gone. Change into one that exists.\n"
REFUSED = ("plan", "--app-name", "iris")


@dataclass(frozen=True)
class Case:
    """A command with streams.

    Attributes:
        words: The command.
        code: Its exit code.
        out: Makes its standard output; None: a pipe that is read.
        closed: Streams that are closed when it starts, by number.
        says: All that comes on standard error; None where that is not looked at.
        gone: Whether the folder is removed in which it is called.
        err: Makes its standard error, as `out`.
    """

    words: tuple[str, ...]
    code: int
    out: Callable[[], int] | None = None
    closed: tuple[int, ...] = ()
    says: str = ""
    gone: bool = False
    err: Callable[[], int] | None = None


ROWS = [
    Row("nobody reads the help", "a quiet end, as by SIGPIPE", Case(("--help",), GONE, without_reader), "R16"),
    Row("nobody reads why inputs are refused", "the same", Case(REFUSED, GONE, without_reader), "R16"),
    Row("standard output is closed", "the help goes nowhere", Case(("--help",), 0, closed=(1,)), "R16"),
    Row("a run has no standard output", "its own exit code", Case(REFUSED, 2, closed=(1,)), "R16"),
    Row("all three streams are closed", "its own exit code", Case(REFUSED, 2, closed=(0, 1, 2)), "R16"),
    Row("standard error is closed", "its own exit code", Case(("no-such",), 2, closed=(2,)), "R16"),
    Row("nobody reads standard error", "its own exit code", Case(("no-such",), 2, err=without_reader), "R16"),
    Row("the folder is removed first", "one line", Case(REFUSED, 2, gone=True, says=NOWHERE), "R16"),
    Row("the folder of `preflight .` is removed", "one line", Case(("preflight",), 2, gone=True, says=NOWHERE), "R16"),
    Row("the folder is removed, and help wanted", "the help", Case(("--help",), 0, gone=True), "R16"),
    Row("the log of a run is on a full disk", "a word, once", Case(REFUSED, 2, full, says=LOST), "R6"),
    Row("the version cannot be written", "code 74", Case(("--version",), UNSAID, full, says=LOST), "R6"),
    Row("standard error is on a full disk", "its own exit code", Case(("no-such",), 2, err=full), "R6"),
]


@each(ROWS)
def test_streams(row: Row[Case], tmp_path: Path) -> None:
    """No traceback, and nothing but the words."""
    case, place = row.case, Place(tmp_path)
    folder = tmp_path / "here"
    folder.mkdir()

    def before() -> None:
        if case.gone:
            folder.rmdir()
        for number in case.closed:
            os.close(number)

    made = {name: make() for name, make in (("stdout", case.out), ("stderr", case.err)) if make}
    with place.start(*case.words, cwd=folder, preexec_fn=before, **made) as process:
        _, said = process.communicate(timeout=SECONDS)
    for number in made.values():
        os.close(number)

    assert (case.code, case.says) == (process.returncode, (said or b"").decode())


WHOLE: list[Row[Callable[[], int] | None]] = [
    Row("the log of an upload is on a full disk", "it is done all the same", full, "R6"),
    Row("an upload has no standard output", "it is done all the same", None, "R16"),
]


@pytest.mark.exhaustive
@each(WHOLE)
def test_runs_go_on(row: Row[Callable[[], int] | None], place: Place, registry: RegistryServer) -> None:
    """The image is there, outputs and summary say so, and no line of the log is in a file of ours."""
    before = (lambda: os.close(1)) if row.case is None else None
    out = row.case() if row.case else None
    with place.start(stdout=out, preexec_fn=before) as process:
        _, said = process.communicate(timeout=SECONDS)

    assert 0 == process.returncode, said
    digest = place.outputs["image"].rpartition("@")[2]
    assert digest in {name for _, name in registry.manifests}
    assert digest[7:19] in place.summary
    assert LOST.encode() * (out is not None) == said
    assert [] == place.left()


@pytest.mark.exhaustive
def test_a_reader_that_goes_away(place: Place) -> None:
    """`| head -1`: the run ends as by a signal, quietly; what it was at stands on its page, and nothing is left."""
    with place.start() as process:
        assert process.stdout is not None
        os.read(process.stdout.fileno(), 1)
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()

    assert (GONE, b"") == (process.wait(SECONDS), said)
    assert "stopped" in place.summary
    assert [] == place.left()


@pytest.mark.exhaustive
def test_a_workspace_that_goes_away(place: Place, registry: RegistryServer) -> None:
    """Removed while the base is read: its files are told to be missing."""
    with place.start() as process:
        with registry.lock:  # the registry does not answer meanwhile
            assert process.stdout is not None
            while b"Check" not in process.stdout.readline():
                pass
            shutil.rmtree(place.workspace)
        said, _ = process.communicate(timeout=SECONDS)

    assert 3 == process.returncode, said.decode()
    errors = [line.decode() for line in said.splitlines() if line.startswith(b"::error")]
    assert errors
    assert [] == [line for line in errors if not re.search("does not exist|No such file", line)]
