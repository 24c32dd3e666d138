"""The folder of a run: empty, locked, gone at its end; those of runs that were killed go with the next one."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from functions_model.cli.work_folder import work_folder

if TYPE_CHECKING:
    from pathlib import Path


def left(temporary: Path, name: str, *, age: float, marked: bool = True) -> Path:
    """What a run left behind that was killed."""
    folder = temporary / name
    (folder / "work").mkdir(parents=True)
    if marked:
        (folder / "in-use").touch()
        os.utime(folder / "in-use", (time.time() - age,) * 2)
    return folder


def test_is_empty_and_gone_at_the_end(tmp_path: Path) -> None:
    """With everything in it."""
    with work_folder(parent=str(tmp_path)) as work:
        assert [] == list(work.iterdir())
        (work / "layer").touch()

    assert [] == list(tmp_path.iterdir())


def test_of_a_run_that_was_killed_is_removed(tmp_path: Path) -> None:
    """One that is too young to tell stays, and so does what has the name alone."""
    killed = left(tmp_path, "functions-model-killed", age=3600)
    young = left(tmp_path, "functions-model-young", age=1)
    other = left(tmp_path, "functions-model-1000", age=3600, marked=False)

    with work_folder(parent=str(tmp_path)):
        assert [False, True, True] == [folder.exists() for folder in (killed, young, other)]


def test_of_a_run_under_way_stays(tmp_path: Path) -> None:
    """However long it takes."""
    with work_folder(parent=str(tmp_path)) as work:
        mark = next(tmp_path.glob("*/in-use"))
        os.utime(mark, (1, 1))
        with work_folder("sandbox-", parent=str(tmp_path)):
            assert work.exists()
