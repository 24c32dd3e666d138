"""Rows of the tables in `tests/adversity`: what is done to a run, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

Case = TypeVar("Case")


@dataclass(frozen=True)
class Row(Generic[Case]):
    """One hostile event with its outcome.

    Attributes:
        done: What is done to the run, in words; no other row of any table says the same.
        comes: What must come of it, in words.
        case: What the test of the table needs to do and to judge it.
        group: Its group in the first list of faults, `R1` to `R18`; empty for what was found later.
    """

    done: str
    comes: str
    case: Case
    group: str = ""


def each(rows: Sequence[Row[Case]]) -> pytest.MarkDecorator:
    """Parametrize a test with `row`, one case for each of the table."""
    return pytest.mark.parametrize("row", rows, ids=[f"{row.group or 'new'}: {row.done}" for row in rows])
