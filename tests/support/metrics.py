"""Measurements on their way: kept in a list, or given to a pipeline that does what a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Kept:
    """Keeps measurements: name, value and dimensions of each."""

    all: list[tuple[str, float, dict[str, Any]]] = field(default_factory=list)

    def record(self, name: str, value: float, dimensions: Mapping[str, Any]) -> None:
        self.all.append((name, value, dict(dimensions)))

    def close(self, seconds: float) -> None:
        del seconds

    def named(self, name: str) -> list[dict[str, Any]]:
        """The dimensions of each that has this name."""
        return [dimensions for one, _, dimensions in self.all if one == name]


@dataclass
class ScriptedPipeline:
    """Takes measurements, and sends them as a test says.

    Attributes:
        sending: What a sending does; why it failed, or nothing.
        taken: What came.
        sent: How many had come at each sending.
    """

    sending: Callable[[], str] = lambda: ""
    taken: list[tuple[str, float]] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    def record(self, name: str, value: float, dimensions: Mapping[str, Any]) -> None:
        del dimensions
        self.taken.append((name, value))

    def send(self) -> str:
        self.sent.append(len(self.taken))
        return self.sending()

    def close(self) -> None:
        self.closed.set()
