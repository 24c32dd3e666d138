"""What was measured: kept as JSON, shown as a table, held to its aims."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the table.

    Attributes:
        value: A ratio of two medians, or a quantity of our own side.
        aim: The value is a pass up to here, this included; None for one that is only shown.
        ours: Each run of ours, in `unit`.
        theirs: Each run of what it is compared with, in `unit`; empty when it is compared with the aim alone.
        unit: Of the single runs: `s`, `bytes`, `requests`, `MB`, `MiB`, `us`.
    """

    value: float
    aim: float | None
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    unit: str

    @property
    def passed(self) -> bool:
        """Whether the aim is met."""
        return self.aim is None or self.value <= self.aim


def against(ours: Sequence[float], theirs: Sequence[float], *, aim: float, unit: str = "s") -> Measurement:
    """The ratio of the medians."""
    return Measurement(round(median(ours) / median(theirs), 4), aim, _rounded(ours), _rounded(theirs), unit)


def alone(ours: Sequence[float], *, aim: float | None, unit: str, theirs: Sequence[float] = ()) -> Measurement:
    """The median of our own runs; `theirs` is only shown beside them."""
    return Measurement(round(median(ours), 3), aim, _rounded(ours), _rounded(theirs), unit)


@dataclass(slots=True)
class Results:
    """All measurements of one session.

    Attributes:
        file: Where they are written, as JSON by key.
        strict: Whether a miss fails its test.
        measured: By key.
    """

    file: Path
    strict: bool
    measured: dict[str, Measurement] = field(default_factory=dict)

    def add(self, key: str, measurement: Measurement) -> None:
        """Keep it, write the file, and fail the test when it is a miss and misses count."""
        self.measured[key] = measurement
        self._write()
        if self.strict and not measurement.passed:
            pytest.fail(f"{key} is {measurement.value}, and its aim is {measurement.aim}", pytrace=False)

    def table(self) -> str:
        """One line for each key."""
        head = f"{'key':<28} {'value':>12} {'aim':>8}        {'ours':>12} {'theirs':>12} unit"
        return "\n".join([head, *(_line(key, each) for key, each in self.measured.items())])

    def _write(self) -> None:
        """Keys of earlier sessions stay, so that one benchmark can be run again by itself."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        earlier = json.loads(self.file.read_text()) if self.file.exists() else {}
        now = {key: asdict(each) for key, each in self.measured.items()}
        self.file.write_text(json.dumps({**earlier, **now}, indent=2, sort_keys=True) + "\n")


def _line(key: str, each: Measurement) -> str:
    ours, theirs = (f"{median(runs):g}" if runs else "-" for runs in (each.ours, each.theirs))
    verdict = "" if each.aim is None else "pass" if each.passed else "MISS"
    aim = "-" if each.aim is None else f"{each.aim:g}"
    return f"{key:<28} {each.value:>12g} {aim:>8} {verdict:<6} {ours:>12} {theirs:>12} {each.unit}"


def _rounded(runs: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(run, 3) for run in runs)
