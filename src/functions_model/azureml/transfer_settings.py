"""How files are fetched: how many at once, in which pieces, how often again."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MIB = 1024 * 1024


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class TransferSettings:
    """How files are fetched.

    Attributes:
        piece_bytes: A file is fetched in pieces of this size, each by a request of its own; what broke off goes on
            with the pieces that are not there yet. A piece under way takes some times its size in memory.
        threads: Pieces under way at the same time, of one file or of several.
        attempts: For each request, the first included.
        first_wait: Seconds before the second attempt; each later wait is twice the one before.
        longest_wait: Seconds.
        report_seconds: How often progress is told.
        sleep: Waits.
        clock: Seconds, for progress.
        free_bytes: What a folder's disk has left.
    """

    piece_bytes: int = 4 * MIB
    threads: int = 4
    attempts: int = 6
    first_wait: float = 0.5
    longest_wait: float = 20.0
    report_seconds: float = 10.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    free_bytes: Callable[[Path], int] = _free_bytes

    def wait(self, attempt: int, asked: float = 0.0) -> float | None:
        """Seconds to wait after attempt number `attempt` (from 1); None when it was the last.

        Args:
            attempt: Counted from 1.
            asked: What the service asked for, in seconds; it is held to the longest wait.
        """
        if attempt >= self.attempts:
            return None
        return min(self.longest_wait, max(asked, self.first_wait * 2.0 ** (attempt - 1)))
