"""The tables of `tests/adversity` hold distinct rows."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from functools import cache
from pathlib import Path

from support.adversity import Row

FOLDER = Path(__file__).resolve().parents[1] / "adversity"


@cache
def _rows() -> list[Row[object]]:
    """Rows of every list of them that a module of the folder has at its top."""
    rows: list[Row[object]] = []
    for path in sorted(FOLDER.glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"adversity_table_{path.stem}", path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look there
        spec.loader.exec_module(module)
        tables = [value for value in vars(module).values() if isinstance(value, list | tuple)]
        rows += [row for table in tables for row in table if isinstance(row, Row)]
    return rows


def test_no_two_rows_are_the_same() -> None:
    """A row counts once."""
    assert [done for done, times in Counter(row.done for row in _rows()).items() if times > 1] == []


def test_each_row_says_what_comes_of_it() -> None:
    """In words, so that the table can be read without its test."""
    assert [row.done for row in _rows() if not row.done or not row.comes] == []


def test_each_group_of_the_first_list_has_rows_of_its_own() -> None:
    """One row is an instance; three are a kind."""
    counts = Counter(row.group for row in _rows())

    assert [] == [f"R{number}" for number in range(1, 19) if counts[f"R{number}"] < 3]
    assert {"", *(f"R{number}" for number in range(1, 19))} == set(counts)
