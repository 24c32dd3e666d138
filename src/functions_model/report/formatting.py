"""Figures and lists as people read them, and the events that they tell of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, TypeVar

from functions_model.pipeline.events import (
    AppOvertaken,
    AppVerified,
    Event,
    ImageBuilt,
    ImageFound,
    Moved,
    ResourceWritten,
)

if TYPE_CHECKING:
    from functions_model.bundle.deployable import AppImage

_E = TypeVar("_E")


def last(events: Sequence[Event], kind: type[_E]) -> _E | None:
    """The latest event of that kind, or None."""
    return next((event for event in reversed(events) if isinstance(event, kind)), None)


def app_image(events: Sequence[Event]) -> AppImage | None:
    """The image that is deployed, as soon as it is known, however it came to be."""
    known = last(events, ImageFound) or last(events, ImageBuilt)
    return known.app if known else None


def every(events: Sequence[Event], kind: type[_E]) -> list[_E]:
    """All events of that kind, in order."""
    return [event for event in events if isinstance(event, kind)]


def imported(events: Sequence[Event]) -> bool:
    """Whether the registry has taken the image from another place: that change is called like the image."""
    app = app_image(events)
    return any(app and event.written.change.name == app.reference.pinned for event in every(events, ResourceWritten))


def proven(events: Sequence[Event]) -> AppVerified | None:
    """The latest proof, while it holds: not of a candidate that was moved, nor of what somebody else has replaced."""
    if last(events, AppOvertaken):
        return None
    since = takewhile(lambda event: not isinstance(event, AppVerified), reversed(events))
    swaps = sum(isinstance(event, Moved) for event in since)
    return None if swaps % 2 else last(events, AppVerified)


def size(count: int) -> str:
    """Bytes in decimal units, as registries count: `0 B`, `734 B`, `12.4 kB`, `1.07 GB`."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 1000:
            return f"{value:.3g} {unit}" if value < 100 else f"{value:.0f} {unit}"
    return f"{value / 1000:.3g} TB"


def duration(seconds: float) -> str:
    """Seconds, with one digit; minutes from a hundred seconds on: `0.4 s`, `61.2 s`, `3 min 5 s`."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def count(number: int, noun: str) -> str:
    """`1 layer`, `3 layers`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(things: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *others, latest = things
    return f"{', '.join(others)} and {latest}" if others else latest
