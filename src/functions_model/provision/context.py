"""What a run lends to whoever writes resources, or waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from functions_model.provision.changes import Written


def discard(_: object) -> None:
    """Do nothing with it."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """The outside world of a run, as far as writing and verifying need it.

    Attributes:
        report: Takes a line for each change that is done, and for each reason to wait.
        written: Takes each change that is done, as soon as it is.
        mask: Takes each secret that is read or made.
        clock: Seconds, of any origin.
        sleep: Waits; seconds.
    """

    report: Callable[[str], None] = discard
    written: Callable[[Written], None] = discard
    mask: Callable[[str], None] = discard
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


ALONE = RunContext()
"""Nobody listens."""
