"""What an app tells of its script (`payload/noted.py`) and of its start (`payload/measured.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the user's own, in the app.

    Attributes:
        root: `code` or `model`: what the path is relative to.
        file: POSIX.
        line: Counted from 1.
    """

    root: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Raised:
    """What the script raised: see `payload/failures.py`, `ScriptFailure`."""

    step: str
    type: str
    text: str
    place: Place | None = None
    module: str = ""
    missing: str = ""
    there: tuple[str, ...] = ()
    answer: str = ""
    traceback: str = ""


OURS = "functions_model"
"""The kind of a warning that is the app's own, a whole sentence, and not the script's: `payload/noted.py`."""


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning of the script, or of a library that it uses.

    Attributes:
        kind: A category, the level of a log record, or `OURS`.
        text: What it says.
        place: The user's own line, where it is one.
    """

    kind: str
    text: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """What a start of the app took, and its memory: see `payload/measured.py`. None is what it did not tell.

    Attributes:
        start: Seconds until its scoring server was there.
        imported: Seconds of them in which the script, and its libraries, were imported.
        init: Seconds of them in `init()`.
        first_answer: Seconds of the first answer.
        peak_mib: The most memory that its process has held.
        container_mib: What all processes of its container hold.
        there_mib: What the container may have.
    """

    start: float
    imported: float | None = None
    init: float | None = None
    first_answer: float | None = None
    peak_mib: int | None = None
    container_mib: int | None = None
    there_mib: int | None = None

    @property
    def memory_mib(self) -> int | None:
        """The most that is known to have been held at once; None when nothing is."""
        return max(filter(None, (self.peak_mib, self.container_mib)), default=None)


@dataclass(frozen=True, slots=True)
class Noted:
    """What an app tells of its script.

    Attributes:
        raised: What was asked for; None when it is not known there.
        warned: Each warning once, in order.
        times: Of the process that answered; None where it has not started, or tells none.
    """

    raised: Raised | None = None
    warned: tuple[Warned, ...] = ()
    times: Times | None = None


def noted_of(document: Any) -> Noted:
    """What an app tells of its script, out of its answer; nothing of one that has another form."""
    if not isinstance(document, dict):
        return Noted()
    raised, warned = document.get("failure"), document.get("warnings")
    return Noted(
        _raised(raised) if isinstance(raised, dict) else None,
        tuple(
            Warned(_text(one, "kind"), _text(one, "text"), _place(one.get("place")))
            for one in (warned if isinstance(warned, list) else [])
            if isinstance(one, dict)
        ),
        _times(document.get("times")),
    )


def _times(told: Any) -> Times | None:
    seconds = told.get("seconds") if isinstance(told, dict) else None
    if not isinstance(seconds, dict) or (start := _number(seconds.get("start"))) is None:
        return None
    imported, init, first = (_number(seconds.get(name)) for name in ("import", "init", "first_answer"))
    memory = (_number(told.get(name)) for name in ("peak_mib", "container_mib", "there_mib"))
    return Times(start, imported, init, first, *(None if one is None else int(one) for one in memory))


def _number(value: Any) -> float | None:
    """A number that can be one of these: none that is below nothing, infinite, or a truth value."""
    is_one = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9
    return float(value) if is_one else None


def _raised(raised: Mapping[str, Any]) -> Raised:
    there = raised.get("there")
    return Raised(
        step=_text(raised, "step"),
        type=_text(raised, "type"),
        text=_text(raised, "text"),
        place=_place(raised.get("place")),
        module=_text(raised, "module"),
        missing=_text(raised, "missing"),
        there=tuple(map(str, there)) if isinstance(there, list) else (),
        answer=_text(raised, "answer"),
        traceback=_text(raised, "traceback"),
    )


def _place(place: Any) -> Place | None:
    if not isinstance(place, dict) or not isinstance(place.get("line"), int):
        return None
    return Place(_text(place, "root"), _text(place, "file"), place["line"])


def _text(document: Mapping[str, Any], name: str) -> str:
    return str(document.get(name) or "")
