"""Two hosts as one: what people see, and a log that is kept beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from functions_model.ci.host import CiHost, Level
from functions_model.core.failures import Location


class BothHosts:
    """Implements `CiHost` by a host, and tells another one all of it.

    Args:
        ci: The host that is asked.
        log: Is told the same: lines, groups, annotations, outputs and masks.
    """

    def __init__(self, ci: CiHost, log: CiHost) -> None:
        self.facts = ci.facts
        self._ci = ci
        self._both = (ci, log)

    def scrub(self, text: str) -> str:
        """The first host's."""
        return self._ci.scrub(text)

    def holds_masked(self, text: str) -> bool:
        """The first host's."""
        return self._ci.holds_masked(text)

    def mask(self, value: str) -> None:
        """Both hosts'."""
        for one in self._both:
            one.mask(value)

    def info(self, text: str) -> None:
        """Both hosts'."""
        for one in self._both:
            one.info(text)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Both hosts'."""
        first, second = self._both
        with first.group(title), second.group(title):
            yield

    def unfold(self) -> None:
        """Both hosts'."""
        for one in self._both:
            one.unfold()

    def annotate(self, level: Level, message: str, location: Location | None = None, *, minor: bool = False) -> None:
        """Both hosts'."""
        for one in self._both:
            one.annotate(level, message, location, minor=minor)

    def tell_annotations(self) -> None:
        """Both hosts'."""
        for one in self._both:
            one.tell_annotations()

    def output(self, name: str, value: str) -> bool:
        """Both hosts'."""
        written = {one.output(name, value) for one in self._both}
        return False not in written

    def summary(self, markdown: str) -> None:
        """The first host's: a log has no page."""
        self._ci.summary(markdown)

    def identity_token(self, audience: str) -> str:
        """The first host's, masked in both."""
        token = self._ci.identity_token(audience)
        self.mask(token)
        return token
