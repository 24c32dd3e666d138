"""What a long request is waited for, told while it is under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FIRST, THEN = 5.0, 30.0
"""Seconds after which it is told for the first time, and then again."""


@contextmanager
def told_while(
    report: Callable[[str], None], what: str, longest: float, *, first: float = FIRST, then: float = THEN
) -> Iterator[None]:
    """Say what the block waits for, from a thread of its own, if it takes long.

    Args:
        report: Takes a line, from any thread.
        what: What is waited for: "`init()` to return".
        longest: Seconds that the request may take.
        first: Seconds until the first line.
        then: Seconds between two lines.
    """
    over, begun = threading.Event(), time.monotonic()

    def tell() -> None:
        pause = first
        while not over.wait(pause):
            so_far = f"{time.monotonic() - begun:.0f} s so far, {longest:.0f} s at most"
            report(f"Waiting for {what}: {so_far}. `verify-timeout` does not cut a request short.")
            pause = then

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
