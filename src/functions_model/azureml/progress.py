"""How far a download is, told now and then."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS = ("B", "kB", "MB", "GB", "TB")


class Progress:
    """Counts what came, from several threads, and tells it every some seconds.

    Args:
        what: What is fetched, for people.
        total: Bytes in all.
        report: Takes a line.
        every: Seconds between two lines.
        clock: Seconds.
    """

    def __init__(
        self, what: str, total: int, report: Callable[[str], None], every: float, clock: Callable[[], float]
    ) -> None:
        self._what = what
        self._total = total
        self._report = report
        self._every = every
        self._clock = clock
        self._told = clock()
        self._done = 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """So many bytes more are here."""
        with self._lock:
            self._done += count
            now = self._clock()
            if now - self._told >= self._every:
                self._told = now
                self._report(f"{self._what}: {shown(self._done)} of {shown(self._total)} are here.")


def shown(count: int) -> str:
    """A number of bytes for people: `1.4 GB`, with units of a thousand."""
    size = float(count)
    for unit in _UNITS[:-1]:
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} {_UNITS[-1]}"
