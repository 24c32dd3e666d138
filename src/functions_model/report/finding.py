"""Finding events of a kind among those that happened."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import TypeVar

from functions_model.pipeline.events import AppVerified, Event, Moved

_E = TypeVar("_E")


def last(events: Sequence[Event], kind: type[_E]) -> _E | None:
    """The latest event of that kind, or None."""
    return next((event for event in reversed(events) if isinstance(event, kind)), None)


def every(events: Sequence[Event], kind: type[_E]) -> list[_E]:
    """All events of that kind, in order."""
    return [event for event in events if isinstance(event, kind)]


def proven(events: Sequence[Event]) -> AppVerified | None:
    """The latest proof, while it holds: what was proven of a candidate is elsewhere once it was moved."""
    since = takewhile(lambda event: not isinstance(event, AppVerified), reversed(events))
    swaps = sum(isinstance(event, Moved) for event in since)
    return None if swaps % 2 else last(events, AppVerified)
