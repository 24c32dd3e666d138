"""What an app tells of its script: what was raised, and the warnings. It is made by `payload/noted.py`."""

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


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning of the script, or of a library that it uses.

    Attributes:
        kind: A category, or the level of a log record.
        text: What it says.
        place: The user's own line, where it is one.
    """

    kind: str
    text: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """What an app tells of its script.

    Attributes:
        raised: What was asked for; None when it is not known there.
        warned: Each warning once, in order.
    """

    raised: Raised | None = None
    warned: tuple[Warned, ...] = ()


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
    )


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
