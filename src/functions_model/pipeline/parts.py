"""What a run needs besides its spec: the outside world, as arguments."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.core.progress import Report, silent
from functions_model.pipeline.events import StageEnded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from functions_model.ci.host import CiHost
    from functions_model.pipeline.events import Event


@dataclass(frozen=True, slots=True)
class Parts:
    """The outside world.

    Attributes:
        ci: The machine we run on behalf of.
        work: An empty folder for what is made on the way; the caller removes it.
        tell: Takes each event as it happens; may be called from several threads.
        report: Takes the progress of long pieces of work.
        listening_seconds: How long a trigger's listener needs to report its first failure; None: as on Azure.
    """

    ci: CiHost
    work: Path
    tell: Callable[[Event], None]
    report: Report = silent
    listening_seconds: float | None = None

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """A part of the story: a group in the log, and an event with its duration."""
        started = time.monotonic()
        succeeded = False
        try:
            with self.ci.group(title):
                yield
            succeeded = True
        finally:
            self.tell(StageEnded(title, time.monotonic() - started, succeeded))
