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

_PREFIX = "functions-model-"
_MARK = "in-use"
"""A file that a run holds locked. The system lets go of it with the process, however that ends."""
_YOUNG = 60.0
"""Seconds in which a folder is left alone: its run may be about to lock it."""


@contextmanager
def work_folder(kind: str = "", *, parent: str | None = None) -> Iterator[Path]:
    """An empty folder for the length of the block. First, folders of runs that were killed are removed.

    Args:
        kind: Part of its name, for people who look at it.
        parent: Where; None takes the machine's place for temporary files.
    """
    place = parent or tempfile.gettempdir()
    _remove_stale(Path(place))
    folder = tempfile.TemporaryDirectory(dir=place, prefix=f"{_PREFIX}{kind}", ignore_cleanup_errors=True)
    with CANCEL.leaves(folder.cleanup), folder as name, (Path(name) / _MARK).open("w") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        work = Path(name) / "work"
        work.mkdir()
        yield work


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
