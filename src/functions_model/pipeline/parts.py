"""What a run needs besides its spec: the outside world, as arguments."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from functions_model.core.progress import Report, silent
from functions_model.pipeline.events import StageEnded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
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
        source: The CI host's variables that say where the code comes from (`GITHUB_REPOSITORY`), for the image's
            labels. Never the revision: the same inputs must give the same digest in every commit.
        clock: Seconds, for durations.
        poll_seconds: How often live state is asked for while waiting.
        report: Takes the progress of long pieces of work.
        listening_seconds: How long a trigger's listener needs to report its first failure; None: as on Azure.
        provenance: Annotations that tell which commit and which run an image was made by. They go beside the image.
    """

    ci: CiHost
    work: Path
    tell: Callable[[Event], None]
    source: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    poll_seconds: float = 2.0
    report: Report = silent
    provenance: Mapping[str, str] = field(default_factory=dict)
    listening_seconds: float | None = None

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
