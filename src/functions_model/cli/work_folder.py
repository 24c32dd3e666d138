"""The folder for what a run makes on its way: gone at its end, or with the next run where the end was a kill."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from functions_model.ci.own_folder import own_folder
from functions_model.core.disk import refused
from functions_model.core.failures import BundleFailed, Problem

_ACTION = "keep the files of this run"


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
        with _kept(place, kind) as work:
            yield work
    except (OSError, MemoryError) as error:
        met = error if isinstance(error, OSError) else OSError(errno.ENOMEM, "no memory")
        if failure := _failure(met, place):
            raise failure from error
        raise


@contextmanager
def _kept(place: str, kind: str) -> Iterator[Path]:
    with own_folder(Path(place), kind) as work:
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
