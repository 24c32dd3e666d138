"""A CI host that somebody watches: what goes through it is noted, and written above lines that are drawn again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

from functions_model.ci.host import CiHost, Level
from functions_model.core.failures import Location


@dataclass(frozen=True, eq=False, slots=True)
class Stage:
    """A part of the story that runs.

    Attributes:
        title: The title of its group.
        started: The clock's time.
    """

    title: str
    started: float


class Above(Protocol):
    """Lets somebody write above the live lines."""

    def __call__(self, *, heard: bool = True) -> AbstractContextManager[None]:
        """While it is open, nothing else is written; `heard` says whether people see what is."""


class WatchedHost:
    """Implements `CiHost` by another host.

    Args:
        ci: The host that does it all.
        above: Opened around whatever may write.
        clock: Seconds.
    """

    def __init__(self, ci: CiHost, above: Above, clock: Callable[[], float]) -> None:
        self.facts = ci.facts
        self._ci = ci
        self._above = above
        self._clock = clock
        self._lock = threading.Lock()
        self._stages: list[Stage] = []

    @property
    def stage(self) -> Stage | None:
        """The part of the story that runs now, the innermost one; None between two."""
        with self._lock:
            return self._stages[-1] if self._stages else None

    def scrub(self, text: str) -> str:
        """The host's."""
        return self._ci.scrub(text)

    def holds_masked(self, text: str) -> bool:
        """The host's."""
        return self._ci.holds_masked(text)

    def mask(self, value: str) -> None:
        """The host's; no person sees the line."""
        with self._above(heard=False):
            self._ci.mask(value)

    def info(self, text: str) -> None:
        """The host's."""
        with self._above():
            self._ci.info(text)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """The host's; while it is open, it is the stage that runs."""
        with ExitStack() as opened:
            with self._above():
                opened.enter_context(self._ci.group(title))
            stage = Stage(title, self._clock())
            with self._lock:
                self._stages.append(stage)
            try:
                yield
            finally:
                with self._lock:
                    self._stages.remove(stage)
                with self._above():
                    opened.close()

    def unfold(self) -> None:
        """The host's."""
        with self._above(heard=False):
            self._ci.unfold()

    def annotate(self, level: Level, message: str, location: Location | None = None, *, minor: bool = False) -> None:
        """The host's."""
        with self._above():
            self._ci.annotate(level, message, location, minor=minor)

    def tell_annotations(self) -> None:
        """The host's."""
        with self._above():
            self._ci.tell_annotations()

    def output(self, name: str, value: str) -> bool:
        """The host's."""
        with self._above():
            return self._ci.output(name, value)

    def summary(self, markdown: str) -> None:
        """The host's."""
        with self._above(heard=False):
            self._ci.summary(markdown)

    def identity_token(self, audience: str) -> str:
        """The host's. Nobody is kept from writing meanwhile, as the answer may take long."""
        return self._ci.identity_token(audience)
