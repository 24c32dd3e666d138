"""Why an app is not live yet."""

from __future__ import annotations


class NotYet(Exception):
    """The app is not there yet. The text says what is missing, a clause without a full stop."""


class NoKeys(NotYet):
    """The host does not tell Azure its keys, or anything: not yet, or never."""


class InError(NotYet):
    """Functions of the app are in error.

    Args:
        reason: What their errors are.
        listeners: Those whose listeners cannot start.
    """

    def __init__(self, reason: str, listeners: tuple[str, ...]) -> None:
        self.listeners = listeners
        super().__init__(reason)


class OtherBuild(NotYet):
    """The app answers with another build than is expected. It may be an old instance, or somebody else's deployment."""
