"""The part of the page about resources: what differs, what was done of it, and what was left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.pipeline.events import PlanBegun, PlanMade, RemovalPlanned, ResourceWritten, RunStopped
from functions_model.provision import Action
from functions_model.report.figures import count, duration
from functions_model.report.finding import every, last
from functions_model.report.markdown import cell, folded
from functions_model.report.plan_text import SYMBOLS, field_lines, listed, plan_count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from functions_model.pipeline.events import Event
    from functions_model.provision import Change, ChangeSet, Written

_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "removed",
}
_NOT_DONE = "not done"


def plan_section(events: Sequence[Event], *, applies: bool) -> str:
    """The plan as a table, with what became of it.

    Args:
        events: What happened, in order; those of a run that failed half-way say what was done before.
        applies: Whether the run was to make the changes. Else it is a plan and nothing more.
    """
    plan = _plan_of(events)
    if plan is None:
        return ""
    done = {written.written.change.key: written.written for written in every(events, ResourceWritten)}
    stopped = last(events, RunStopped)
    parts = [
        f"### {'Resources' if applies else 'Plan'}",
        _table(listed(plan), done if applies else None, stopped.begun if stopped else ()),
        _done_count(plan, done) if applies and plan.has_changes else plan_count(plan),
        "\n".join(f"- {note}" for note in plan.notes),
        _kept(plan),
    ]
    return "\n\n".join(part for part in parts if part)


def _plan_of(events: Sequence[Event]) -> ChangeSet | None:
    """The plan; of a run that failed before the image was known, the plan without it."""
    made = last(events, PlanMade) or last(events, RemovalPlanned) or last(events, PlanBegun)
    return made.plan if made else None


def _table(changes: Sequence[Change], done: Mapping[str, Written] | None, begun: Sequence[str]) -> str:
    if not changes:
        return ""
    head = ["| | kind | name | what |", "|---|---|---|---|"]
    if done is not None:
        head = ["| | kind | name | what | done |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(_row(change, done, begun) for change in changes)])


def _row(change: Change, done: Mapping[str, Written] | None, begun: Sequence[str]) -> str:
    fields = [] if change.action is Action.KEEP else field_lines(change)
    what = "<br>".join(cell(line) for line in (change.reason, *fields) if line)
    symbol = f"`{SYMBOLS[change.action]}`" if SYMBOLS[change.action] else ""
    outcome = "" if done is None else f" {_outcome(change, done, begun)} |"
    return f"| {symbol} | {change.kind} | {_linked(change)} | {what} |{outcome}"


def _linked(change: Change) -> str:
    return f"[{change.name}]({change.link})" if change.link else change.name


def _outcome(change: Change, done: Mapping[str, Written], begun: Sequence[str]) -> str:
    if change.action is Action.KEEP:
        return "left alone"
    written = done.get(change.key)
    if written is None and str(change) in begun:
        return "**begun**, not known to have ended"
    return f"{_DONE[change.action]} in {duration(written.seconds)}" if written else f"**{_NOT_DONE}**"


def _done_count(plan: ChangeSet, done: Mapping[str, Written]) -> str:
    """`5 created, 1 not done, 2 left alone.`"""
    made = [change.action for change in plan.changes if change.key in done]
    numbers = {word: made.count(action) for action, word in _DONE.items()}
    kept = plan.count(Action.KEEP)
    numbers |= {_NOT_DONE: len(plan.changes) - len(made) - kept, "left alone": kept}
    return f"{', '.join(f'{number} {word}' for word, number in numbers.items() if number)}."


def _kept(plan: ChangeSet) -> str:
    """Those that need no line in the table, for who wants to see them."""
    kept = [change for change in plan.changes if change not in listed(plan)]
    lines = [f"- {change.kind} {_linked(change)}" for change in kept]
    return folded(f"{count(len(kept), 'resource')} left alone", "\n".join(lines)) if kept else ""
