"""A plan as a part of the page: a table of what changes, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from functions_model.ci.terminal import brief_digests
from functions_model.pipeline.events import Event, RunStopped
from functions_model.provision import Action, Change, FieldChange, Written
from functions_model.report.formatting import count, duration, last
from functions_model.report.markdown import cell, folded, link, prose
from functions_model.report.plan_text import (
    DONE,
    NOT_DONE,
    SYMBOLS,
    done_count,
    field_text,
    fields_apart,
    made_so_far,
    plan_count,
    plan_of,
    setting_names,
    worth_a_line,
)


def plan_section(events: Sequence[Event], *, applies: bool) -> str:
    """The plan as a table, with what became of it.

    Args:
        events: What happened, in order; those of a run that failed half-way say what was done before.
        applies: Whether the run was to make the changes. Else it is a plan and nothing more.
    """
    plan = plan_of(events)
    if plan is None:
        return ""
    stopped = last(events, RunStopped)
    begun = stopped.begun if stopped else ()
    changes, kept = worth_a_line(plan), [change for change in plan.changes if change not in worth_a_line(plan)]
    parts = [
        f"### {'Resources' if applies else 'Plan'}",
        _table(changes, made_so_far(events) if applies else None, begun),
        done_count(plan, events) if applies and plan.has_changes else plan_count(plan),
        "\n".join(f"- {prose(note)}" for note in plan.notes),
        _kept(kept),
    ]
    return "\n\n".join(part for part in parts if part)


def _table(changes: Sequence[Change], done: Mapping[str, Written] | None, begun: Sequence[str]) -> str:
    if not changes:
        return ""
    head = ["| | resource | what |", "|---|---|---|"]
    if done is not None:
        head = ["| | resource | what | done |", "|---|---|---|---|"]
    return "\n".join([*head, *(_row(change, done, begun) for change in changes)])


def _row(change: Change, done: Mapping[str, Written] | None, begun: Sequence[str]) -> str:
    symbol = f"`{SYMBOLS[change.action]}`" if SYMBOLS[change.action] else ""
    outcome = "" if done is None else f" {_outcome(change, done, begun)} |"
    return f"| {symbol} | {cell(change.kind)} {link(change.name, change.link)} | {_what(change, done or {})} |{outcome}"


def _what(change: Change, done: Mapping[str, Written]) -> str:
    """Why, and what it consists of. Of what has been created, nobody wants to read that it did not exist."""
    reason = "" if change.action is Action.CREATE and change.key in done else change.reason
    settings, others = fields_apart(change)
    lines = [cell(brief_digests(line)) for line in (reason, *map(field_text, others)) if line]
    return "<br>".join([*lines, *_settings(settings)])


def _settings(settings: Sequence[FieldChange]) -> list[str]:
    """Behind a click: their names are long, and no value is shown."""
    if not settings:
        return []
    names = "<br>".join(map(cell, setting_names(settings)))
    return [f"<details><summary>{count(len(settings), 'app setting')}</summary>{names}</details>"]


def _outcome(change: Change, done: Mapping[str, Written], begun: Sequence[str]) -> str:
    if change.action is Action.KEEP:
        return "left alone"
    written = done.get(change.key)
    if written is None and str(change) in begun:
        return "**started**, not known to have finished"
    return f"{DONE[change.action]} in {duration(written.seconds)}" if written else f"**{NOT_DONE}**"


def _kept(kept: Sequence[Change]) -> str:
    """Those that need no line in the table, for who wants to see them."""
    lines = [f"- {cell(change.kind)} {link(change.name, change.link)}" for change in kept]
    return folded(f"{count(len(kept), 'resource')} left alone", "\n".join(lines)) if kept else ""
