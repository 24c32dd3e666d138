"""How files are fetched: how many at once, in which pieces, how often again."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.core.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MIB = 1024 * 1024
_RETRIES = Retries(attempts=6, longest=20.0)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


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
    free_bytes: Callable[[Path], int] = _free_bytes
