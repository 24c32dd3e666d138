"""The folder for what a run makes on its way: gone at its end, or with the next run where the end was a kill."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from functions_model.core.cancel import CANCEL
from functions_model.core.disk import refused
from functions_model.core.failures import BundleFailed, Problem

_PREFIX = "functions-model-"
_MARK = "in-use"
"""A file that a run holds locked. The system lets go of it with the process, however that ends."""
_ACTION = "keep the files of this run"
_YOUNG = 60.0
"""Seconds in which a folder is left alone: its run may be about to lock it."""


@contextmanager
def work_folder(kind: str = "", *, parent: str | None = None) -> Iterator[Path]:
    """An empty folder for the length of the block. First, folders of runs that were killed are removed.

    Args:
        kind: Part of its name, for people who look at it.
        parent: Where; None takes the machine's place for temporary files.

    Raises:
        BundleFailed: The machine takes no such folder, or no more files in it.
    """
    place = ""
    try:
        place = parent or tempfile.gettempdir()
        with _locked(place, kind) as work:
            yield work
    except OSError as error:
        if failure := _failure(error, place):
            raise failure from error
        raise


@contextmanager
def _locked(place: str, kind: str) -> Iterator[Path]:
    _remove_stale(Path(place))
    folder = tempfile.TemporaryDirectory(dir=place, prefix=f"{_PREFIX}{kind}", ignore_cleanup_errors=True)
    with CANCEL.leaves(folder.cleanup), folder as name, (Path(name) / _MARK).open("w") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        work = Path(name) / "work"
        work.mkdir()
        try:
            yield work
        except OSError as error:
            if not work.exists() and _is_below(error.filename, work):
                raise _gone(work) from error
            raise


def _failure(error: OSError, place: str) -> BundleFailed | None:
    """What the machine refuses; None where it is another error."""
    if not place:  # none of the folders that could hold temporary files takes one
        what = f"there is no folder for temporary files: {error.strerror}"
        return BundleFailed(_ACTION, [Problem(what, "Name one in `TMPDIR` that can be written and has space.")])
    told = refused(error, place, "TMPDIR")
    return BundleFailed(_ACTION, [Problem(told.what, told.remedy)]) if told else None


def _gone(work: Path) -> BundleFailed:
    what = f"something on this machine has removed the folder of this run, `{work.parent}`"
    remedy = "Keep what tidies up there from folders in use, or name another folder in `TMPDIR`."
    return BundleFailed(_ACTION, [Problem(what, remedy)])


def _is_below(name: object, work: Path) -> bool:
    return isinstance(name, str) and Path(name).is_relative_to(work)


def _remove_stale(place: Path) -> None:
    for mark in place.glob(f"{_PREFIX}*/{_MARK}"):
        with suppress(OSError):
            if _is_stale(mark):
                shutil.rmtree(mark.parent, ignore_errors=True)


def _is_stale(mark: Path) -> bool:
    """Whether it is ours, and nobody's any more. In a folder that all write to, a name says nothing of an owner."""
    folder = mark.parent.lstat()
    ours = stat.S_ISDIR(folder.st_mode) and folder.st_uid == os.getuid()
    if not ours or time.time() - mark.lstat().st_mtime < _YOUNG:
        return False
    with mark.open("r+") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
