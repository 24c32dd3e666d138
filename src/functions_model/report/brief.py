"""Events as lines for somebody at a terminal: what one must know, or waits for. The rest is for the log of a job."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from functions_model.ci.terminal import Colour, painted
from functions_model.pipeline.events import (
    AheadBegun,
    AppVerified,
    Attached,
    BaseChosen,
    EnvironmentResolved,
    Event,
    ImageBuilt,
    ImagePushed,
    LayerReady,
    PlanApplied,
    PlanBegun,
    PlanMade,
    RemovalPlanned,
    UndoEnded,
)
from functions_model.pipeline.registry_events import LiveTagMoved
from functions_model.report.image_text import base_news, environment_notes, packages_text

_SYMBOL = re.compile(r"^( *)(-/\+|[+~-])(?= )", re.MULTILINE)
_COLOURS = {"+": Colour.GOOD, "~": Colour.CHANGED, "-": Colour.BAD, "-/+": Colour.BAD}
_TOLD_AT_THE_END = (LayerReady, Attached, ImageBuilt, AheadBegun, PlanApplied, AppVerified, UndoEnded)
_FOR_JOBS = (LiveTagMoved,)
"""What nobody does anything about."""


def brief_lines(event: Event, whole: Callable[[Event], str], *, colours: bool) -> str:
    """The lines for an event; none for an event that the end of the run tells.

    Args:
        event: What happened.
        whole: Gives the lines of a job's log, for events that are told to everybody in the same way.
        colours: Whether the symbols of a plan are coloured.
    """
    match event:
        case EnvironmentResolved():
            head = f"Python {event.python.version} ({event.python.why}), {packages_text(event.lock)}"
            return "\n".join([head, *_notes(environment_notes(event))])
        case BaseChosen() | ImagePushed():
            return "\n".join(_notes(base_news(event) if isinstance(event, BaseChosen) else event.pushed.notes))
        case PlanMade() if event.begun:
            return _differs(event)
        case PlanBegun() | PlanMade() | RemovalPlanned():
            text = _plan(event)
            return _SYMBOL.sub(_coloured, text) if colours else text
        case _:
            return "" if isinstance(event, _TOLD_AT_THE_END + _FOR_JOBS) else whole(event)


def _notes(sentences: Sequence[str]) -> list[str]:
    return [f"Note: {sentence}" for sentence in sentences]


def _plan(event: PlanBegun | PlanMade | RemovalPlanned) -> str:
    from functions_model.report.plan_text import plan_text  # noqa: PLC0415 - only runs with resources have a plan

    return plan_text(event.plan)


def _differs(made: PlanMade) -> str:
    """The count, where the image makes it another one than was shown."""
    from functions_model.report.plan_text import plan_count  # noqa: PLC0415 - as above

    now = plan_count(made.plan)
    return now if made.begun and now != plan_count(made.begun) else ""


def _coloured(found: re.Match[str]) -> str:
    return f"{found[1]}{painted(found[2], _COLOURS[found[2]])}"
