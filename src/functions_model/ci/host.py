"""What every CI host can do, as one interface."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from functions_model.ci.facts import Facts
    from functions_model.core.failures import Location


class Level(enum.StrEnum):
    """How grave an annotation is."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class CiHost(Protocol):
    """The host's facts and commands. Every method may be called from any thread."""

    @property
    def facts(self) -> Facts:
        """What the host says of the run; the same at all times."""

    def scrub(self, text: str) -> str:
        """The text with `***` for every masked value, for whoever writes past this host."""

    def mask(self, value: str) -> None:
        """Never show this value in any later line of the log. Call it as soon as the value exists."""

    def info(self, text: str) -> None:
        """One line, or several, for the log."""

    def group(self, title: str) -> AbstractContextManager[None]:
        """A foldable part of the log. Its duration is shown when it ends."""

    def unfold(self) -> None:
        """End the fold that is open: what follows must be seen."""

    def annotate(self, level: Level, message: str, location: Location | None = None) -> None:
        """A message that stands out, on the user's own file and line where one is given."""

    def output(self, name: str, value: str) -> None:
        """A step output that a later step can read."""

    def summary(self, markdown: str) -> None:
        """A page that is shown with the run."""

    def identity_token(self, audience: str) -> str:
        """A fresh OIDC token of this job for that audience, masked already.

        Raises:
            LoginFailed: The host has none to give; the message says which permission is missing.
        """
