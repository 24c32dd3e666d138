"""The folder of a run: empty, locked, gone at its end. What a kill leaves: `adversity/test_leftovers.py`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from functions_model.cli.work_folder import work_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_is_empty_and_gone_at_the_end(tmp_path: Path) -> None:
    """With everything in it."""
    with work_folder(parent=str(tmp_path)) as work:
        assert [] == list(work.iterdir())
        (work / "layer").touch()

    assert [] == list(tmp_path.iterdir())


def test_of_a_run_under_way_stays(tmp_path: Path) -> None:
    """However long it takes."""
    with work_folder(parent=str(tmp_path)) as work:
        mark = next(tmp_path.glob("*/in-use"))
        os.utime(mark, (1, 1))
        with work_folder("sandbox-", parent=str(tmp_path)):
            assert work.exists()
