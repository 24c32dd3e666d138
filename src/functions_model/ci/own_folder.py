"""Folders of this process in a place that others use, too: gone at its end, however that comes, or with the next one.

A file in the folder is locked while its owner lives, and the system lets go of a lock with the process: no process id
is looked at, which another process or another container may have. The lock is taken before the folder has its name.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from functions_model.core.cancel import CANCEL

_PREFIX = "functions-model-"
_UNNAMED = f".{_PREFIX}"
"""Before the lock is taken."""
_MARK = "in-use"
_INSIDE = "work"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
"""The same in all containers of a machine, until it starts again: locks are told across no other border."""
_TRIES, _MOMENT = 20, 0.05
_HOUR, _WEEK = 3600.0, 7 * 86400.0
"""Seconds until an owner is surely gone: one that has not taken its lock; one on another machine, whose lock a shared
disk need not show here (a job of GitHub's ends after five days at the latest,
https://docs.github.com/actions/reference/limits)."""


@contextmanager
def own_folder(place: Path, kind: str = "") -> Iterator[Path]:
    """An empty folder for the length of the block. First, those of owners that are dead are removed.

    Args:
        place: Where; it exists.
        kind: Part of its name, for people who look at it.

    Raises:
        OSError: The place takes no folder.
    """
    _remove_stale(place)
    # A signal may come while it is removed, and threads that have not come to a stop may still write into it.
    with _locked(place, kind) as folder, CANCEL.leaves(lambda: _remove(folder, tries=_TRIES)):
        try:
            yield folder / _INSIDE
        finally:
            _remove(folder)


@contextmanager
def _locked(place: Path, kind: str) -> Iterator[Path]:
    unnamed = Path(tempfile.mkdtemp(dir=place, prefix=f"{_UNNAMED}{kind}"))
    with ExitStack() as stack:
        stack.callback(_remove, unnamed)  # where it comes to no name
        mark = stack.enter_context((unnamed / _MARK).open("w"))
        with suppress(OSError):  # a file system without locks: nobody else gets one either
            fcntl.flock(mark, fcntl.LOCK_EX)
        mark.write(_boot())
        mark.flush()
        (unnamed / _INSIDE).mkdir()
        yield unnamed.rename(place / unnamed.name.removeprefix("."))


def _remove(folder: Path, *, tries: int = 2) -> None:
    """What it holds first, and the mark last: what a kill leaves of it is known by the mark."""
    held = folder / _INSIDE
    for _ in range(tries):
        shutil.rmtree(held, ignore_errors=True)
        if not held.exists():
            break
        for below, _, _ in os.walk(held):  # packages may have folders that not even their owner may change
            with suppress(OSError):
                Path(below).chmod(0o700)
        time.sleep(_MOMENT)
    if held.exists():
        return
    with suppress(OSError):
        (folder / _MARK).unlink()
        folder.rmdir()


def _remove_stale(place: Path) -> None:
    for folder in (*place.glob(f"{_PREFIX}*"), *place.glob(f"{_UNNAMED}*")):
        with suppress(OSError):
            if _is_ours(folder):
                _remove_if_stale(folder)


def _is_ours(folder: Path) -> bool:
    """Whether it belongs to this user: in a place that all write to, a name says nothing."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _remove_if_stale(folder: Path) -> None:
    mark = folder / _MARK
    if folder.name.startswith(_UNNAMED) and time.time() - folder.lstat().st_mtime < _HOUR:
        return
    if not mark.exists():
        folder.rmdir()  # empty: what is not is somebody else's
        return
    with mark.open("r+") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if opened.read() == _boot() or time.time() - mark.lstat().st_mtime > _WEEK:
            _remove(folder)


def _boot() -> str:
    with suppress(OSError):
        return _BOOT.read_text()
    return ""
