"""How far a long piece of work is: told by whoever does it, shown by whoever talks to people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """One piece of work, as it is now.

    Attributes:
        task: What it is, the same each time: "send model", "pack dependencies". Tasks may run side by side.
        done: Bytes so far; less than before when a transfer started again.
        total: Bytes in all; None when nobody knows yet.
        finished: Whether it has ended, well or not.
    """

    task: str
    done: int
    total: int | None = None
    finished: bool = False


Report: TypeAlias = "Callable[[Progress], None]"
"""Takes progress; may be called from several threads, and as often as every block."""


def silent(_: Progress) -> None:
    """For work that nobody watches."""
