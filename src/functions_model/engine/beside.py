"""A folder that is written beside its place and put there when it is whole: two runs may write the same one."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from functions_model.core.cancel import CANCEL

PREFIX = ".functions-model-context-"
"""How its name begins while it is written; nobody packs such a folder."""
_LOCKED = ".being-written"
_YOUNG = 60.0
"""Seconds in which such a folder is left alone: its run may be about to lock it."""
_TRIES = 100
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY)
"""What rename(2) says where another run was faster."""


@contextmanager
def written_beside(folder: Path, may_go: Callable[[Path], None]) -> Iterator[Path]:
    """An empty folder, which takes the place of another one at the end of the block; of several runs, the last one's.

    What runs that were killed have left beside it is removed first.

    Args:
        folder: Where it goes, without links; what is there then is removed.
        may_go: Raises if what is there must not be removed.

    Raises:
        OSError: It cannot be made, or put there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_left(folder.parent)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=PREFIX))

    def clean() -> None:
        shutil.rmtree(fresh, ignore_errors=True)

    with CANCEL.leaves(clean):
        try:
            with (fresh / _LOCKED).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                fresh.chmod(0o755)
                yield fresh
                (fresh / _LOCKED).unlink()
                _put(fresh, folder, may_go)
        except BaseException:
            clean()
            raise


def _put(fresh: Path, folder: Path, may_go: Callable[[Path], None]) -> None:
    """Exchange them. Between two steps another run may do the same, so that the place is taken again."""
    for left in reversed(range(_TRIES)):
        may_go(folder)
        old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=PREFIX))
        try:
            with suppress(FileNotFoundError):
                folder.rename(old)
            fresh.rename(folder)
        except OSError as error:
            if not left or error.errno not in _TAKEN:
                raise
        else:
            return
        finally:
            shutil.rmtree(old, ignore_errors=True)


def _remove_left(parent: Path) -> None:
    """Remove the folders of runs that were killed: the system let go of their locks."""
    for left in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            known = left.lstat()
            if left.is_symlink() or known.st_uid != os.getuid() or time.time() - known.st_mtime < _YOUNG:
                continue
            lock = left / _LOCKED
            if lock.exists():
                with lock.open("r+") as opened:
                    fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
