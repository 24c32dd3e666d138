"""How files are fetched: how many at once, in which pieces, how often again, and how far it is."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from azure.core.exceptions import AzureError

from functions_model.azure.errors import retry_after
from functions_model.azure.misread import understood
from functions_model.core.sending import PASSING, AttemptFailed, Retries

MIB = 1024 * 1024
_RETRIES = Retries(attempts=6, longest=20.0)


@dataclass(frozen=True, slots=True)
class TransferSettings:
    """How files are fetched.

    Attributes:
        piece_bytes: A file is fetched in pieces of this size, each by a request of its own; what broke off goes on
            with the pieces that are not there yet. A piece under way takes some times its size in memory.
        threads: Pieces under way at the same time, of one file or of several.
        retries: How often and how long each request is tried.
        report_seconds: How often progress is told.
        sleep: Waits.
        clock: Seconds, for progress.
        free_bytes: What a folder's disk has left.
    """

    piece_bytes: int = 4 * MIB
    threads: int = 4
    retries: Retries = _RETRIES
    report_seconds: float = 10.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free


T = TypeVar("T")


def persist(attempt: Callable[[], T], settings: TransferSettings) -> T:
    """The first answer. A wait that storage asks for is held to the longest of our own.

    Raises:
        AzureError: Of the last attempt, or one that no other attempt would mend.
    """
    retries = settings.retries

    def once() -> T:
        try:
            with understood():
                return attempt()
        except AzureError as exc:
            if (status := status_of(exc)) and status not in PASSING:
                raise
            raise AttemptFailed(exc, min(retries.longest, retry_after(exc) or 0.0)) from exc

    return retries.persist(once, settings.sleep)


def status_of(exc: Exception) -> int:
    """The HTTP status that an error came with; 0 when there was no whole answer."""
    return int(getattr(exc, "status_code", None) or 0)


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
