"""A plan as text: in a log, and as a part of the page. What differs, before and after, why, and a count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from functions_model.core.references import short
from functions_model.pipeline.events import Event, PlanBegun, PlanMade, RemovalPlanned, ResourceWritten
from functions_model.provision import Action, Change, ChangeSet, FieldChange, ResourcePlan, Written
from functions_model.provision.removal import RemovalPlan
from functions_model.report.formatting import count, every, last

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
DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "removed",
}
NOT_DONE = "not done"
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
    yield from (f"{'':{_INDENT}}{line}" for line in field_lines(change))


def field_lines(change: Change) -> list[str]:
    """A line for each field; of what is created, none that its name tells already.

    The settings of an app that is new are in one line: all of them are new, and no value is shown.
    """
    settings, others = fields_apart(change)
    named = [f"{count(len(settings), 'app setting')}: {', '.join(setting_names(settings))}"] if settings else []
    return [*map(field_text, others), *named]


def fields_apart(change: Change) -> tuple[list[FieldChange], list[FieldChange]]:
    """The settings of an app that is new, and the fields that are worth a line of their own; of what is kept, none."""
    if change.action is Action.KEEP:
        return [], []
    if change.action is not Action.CREATE:
        return [], [*change.fields]
    settings = [field for field in change.fields if field.name.startswith(_SETTING)]
    told = _IN_THE_NAME.get(change.kind, frozenset())
    return settings, [field for field in change.fields if field not in settings and field.name not in told]


def setting_names(settings: Sequence[FieldChange]) -> list[str]:
    """As the user has them."""
    return [field.name.removeprefix(_SETTING).strip("`") for field in settings]


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


def plan_of(events: Sequence[Event]) -> ResourcePlan | RemovalPlan | None:
    """The plan; of a run that failed before the image was known, the plan without it."""
    made = last(events, PlanMade) or last(events, RemovalPlanned) or last(events, PlanBegun)
    return made.plan if made else None


def made_so_far(events: Sequence[Event]) -> dict[str, Written]:
    """What was written, by the key of its change."""
    return {one.written.change.key: one.written for one in every(events, ResourceWritten)}


def done_count(plan: ChangeSet, events: Sequence[Event]) -> str:
    """`5 created, 1 not done, 2 left alone.`

    Args:
        plan: What was to be done.
        events: What happened, in order.
    """
    done = made_so_far(events)
    made = [change.action for change in plan.changes if change.key in done]
    numbers = {word: made.count(action) for action, word in DONE.items()}
    kept = plan.count(Action.KEEP)
    numbers |= {NOT_DONE: len(plan.changes) - len(made) - kept, "left alone": kept}
    return f"{', '.join(f'{number} {word}' for word, number in numbers.items() if number)}."
