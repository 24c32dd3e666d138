"""A plan as text: in a log, and as a part of the page. What differs, before and after, why, and a count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from functions_model.core.references import short
from functions_model.pipeline.events import Event, PlanBegun, PlanMade, RemovalPlanned, ResourceWritten, RunStopped
from functions_model.provision import Action, Change, ChangeSet, FieldChange, ResourcePlan, Written
from functions_model.provision.removal import RemovalPlan
from functions_model.report.formatting import cell, count, duration, every, folded, last

SYMBOLS = {Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "-/+", Action.DELETE: "-", Action.KEEP: ""}
"""Those that people know from Terraform."""
_WORDS = {Action.DELETE: "remove"}
_SETTING = "app setting "
"""How `provision` names the fields of an app's settings."""
_IN_THE_NAME = {"role assignment": frozenset(("role", "scope"))}
"""Fields by kind that the name is made of: `AcrPull on contoso`."""
_ARM_ID = re.compile(r"/subscriptions/[^ ]*/([^/ ]+)")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_INDENT = 6
"""Columns before a field: below the resource's kind, with room for the longest symbol."""
_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "removed",
}
_NOT_DONE = "not done"
NO_CHANGES = "No changes: everything is up to date"
NOTHING_TO_REMOVE = "Nothing to remove."


def plan_text(plan: ChangeSet) -> str:
    """The plan for a log: one line a resource, one line a changed field, the count, and what to know besides."""
    lines = [line for change in worth_a_line(plan) for line in _lines(change)]
    end = [plan_count(plan), *(f"Note: {note}" for note in plan.notes)]
    return "\n".join([*lines, "", *end] if lines else end)


def completed_text(plan: ChangeSet, shown: ChangeSet) -> str:
    """What a plan says that was not shown before: the fields that differ, and the count."""
    before = {change.key: change for change in shown.changes}
    news = (_news(change, before.get(change.key)) for change in worth_a_line(plan))
    lines = [line for change in news if change for line in _lines(change)]
    return "\n".join([*lines, "", plan_count(plan)]) if lines else plan_count(plan)


def _news(change: Change, shown: Change | None) -> Change | None:
    """The change without the fields that were shown; None when all of it was."""
    if shown is None or shown.action is not change.action:
        return change
    fields = tuple(field for field in change.fields if field not in shown.fields)
    return replace(change, fields=fields) if fields or change.reason != shown.reason else None


def worth_a_line(plan: ChangeSet) -> list[Change]:
    """What is worth a line: all that changes, and what is kept against expectation. Others are only counted."""
    return [change for change in plan.changes if change.action is not Action.KEEP or change.reason]


def plan_count(plan: ChangeSet) -> str:
    """`Plan: 5 to create, 1 to update, 2 to keep.`; or that nothing changes."""
    if not plan.has_changes:
        return nothing_to_do(plan)
    numbers = {action: plan.count(action) for action in SYMBOLS}
    told = [f"{number} to {_WORDS.get(action, action.value)}" for action, number in numbers.items() if number]
    return f"Plan: {', '.join(told)}."


def nothing_to_do(plan: ChangeSet) -> str:
    """One reassuring line."""
    if isinstance(plan, RemovalPlan):
        return NOTHING_TO_REMOVE
    return f"{NO_CHANGES} ({count(len(plan.changes), 'resource')})."


def _lines(change: Change) -> Iterator[str]:
    reason = f"  ({change.reason})" if change.reason else ""
    yield f"{SYMBOLS[change.action]:>3} {change.kind} {change.name}{reason}"
    if change.action is not Action.KEEP:
        yield from (f"{'':{_INDENT}}{line}" for line in field_lines(change))


def field_lines(change: Change) -> list[str]:
    """A line for each field; of what is created, none that its name tells already.

    The settings of an app that is new are in one line: all of them are new, and no value is shown.
    """
    if change.action is not Action.CREATE:
        return [field_text(field) for field in change.fields]
    settings = [field for field in change.fields if field.name.startswith(_SETTING)]
    told = _IN_THE_NAME.get(change.kind, frozenset())
    lines = [field_text(field) for field in change.fields if field not in settings and field.name not in told]
    return [*lines, _settings_line(settings)] if settings else lines


def _settings_line(settings: list[FieldChange]) -> str:
    names = ", ".join(field.name.removeprefix(_SETTING).strip("`") for field in settings)
    return f"{count(len(settings), 'app setting')}: {names}"


def field_text(field: FieldChange) -> str:
    """`sku: EP1 -> EP2`, or `sku: EP1` where there was nothing before.

    ARM ids are cut to their last name, and what was before to the start of its digest. What comes keeps its digest
    whole: it is the exact image.
    """
    before, after = _shown(field)
    return f"{field.name}: {after}" if before is None else f"{field.name}: {before} -> {after}"


def _shown(field: FieldChange) -> tuple[str | None, str]:
    """Cut, except where that would make both sides the same."""
    after = _ARM_ID.sub(r"\1", str(field.after))
    if field.before is None:
        return None, after
    before = _DIGEST.sub(lambda match: f"sha256:{short(match[1])}...", _ARM_ID.sub(r"\1", str(field.before)))
    return (str(field.before), str(field.after)) if before == after else (before, after)


def plan_section(events: Sequence[Event], *, applies: bool) -> str:
    """The plan as a table, with what became of it.

    Args:
        events: What happened, in order; those of a run that failed half-way say what was done before.
        applies: Whether the run was to make the changes. Else it is a plan and nothing more.
    """
    plan = plan_of(events)
    if plan is None:
        return ""
    done = _done(events)
    stopped = last(events, RunStopped)
    parts = [
        f"### {'Resources' if applies else 'Plan'}",
        _table(worth_a_line(plan), done if applies else None, stopped.begun if stopped else ()),
        done_count(plan, events) if applies and plan.has_changes else plan_count(plan),
        "\n".join(f"- {note}" for note in plan.notes),
        _kept(plan),
    ]
    return "\n\n".join(part for part in parts if part)


def plan_of(events: Sequence[Event]) -> ResourcePlan | RemovalPlan | None:
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


def _done(events: Sequence[Event]) -> dict[str, Written]:
    return {one.written.change.key: one.written for one in every(events, ResourceWritten)}


def done_count(plan: ChangeSet, events: Sequence[Event]) -> str:
    """`5 created, 1 not done, 2 left alone.`

    Args:
        plan: What was to be done.
        events: What happened, in order.
    """
    done = _done(events)
    made = [change.action for change in plan.changes if change.key in done]
    numbers = {word: made.count(action) for action, word in _DONE.items()}
    kept = plan.count(Action.KEEP)
    numbers |= {_NOT_DONE: len(plan.changes) - len(made) - kept, "left alone": kept}
    return f"{', '.join(f'{number} {word}' for word, number in numbers.items() if number)}."


def _kept(plan: ChangeSet) -> str:
    """Those that need no line in the table, for who wants to see them."""
    kept = [change for change in plan.changes if change not in worth_a_line(plan)]
    lines = [f"- {change.kind} {_linked(change)}" for change in kept]
    return folded(f"{count(len(kept), 'resource')} left alone", "\n".join(lines)) if kept else ""
