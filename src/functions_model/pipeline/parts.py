"""What a run needs besides its spec: the outside world, as arguments."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
        source: Where the code comes from (`https://github.com/contoso/models`), for the image's labels; may be empty.
        clock: Seconds, for durations.
        poll_seconds: How often live state is asked for while waiting.
    """

    ci: CiHost
    work: Path
    tell: Callable[[Event], None]
    source: str = ""
    clock: Callable[[], float] = time.monotonic
    poll_seconds: float = 2.0

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """A part of the story: a group in the log, and an event with its duration."""
        started = self.clock()
        succeeded = False
        try:
            with self.ci.group(title):
                yield
            succeeded = True
        finally:
            self.tell(StageEnded(title, self.clock() - started, succeeded))
