"""A plan as text: what differs, before and after, and a line that counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions_model.core.digests import short
from functions_model.provision import Action
from functions_model.report.figures import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.provision import Change, FieldChange, ResourcePlan

SYMBOLS = {Action.CREATE: "+", Action.UPDATE: "~", Action.KEEP: " "}
_SETTING = "app setting "
"""How `provision` names the fields of an app's settings."""
_IN_THE_NAME = {"role assignment": frozenset(("role", "scope"))}
"""Fields by kind that the name is made of: `AcrPull on contoso`."""
_ARM_ID = re.compile(r"/subscriptions/[^ ]*/([^/ ]+)")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
NO_CHANGES = "No changes. What is live is what is wanted."


def plan_text(plan: ResourcePlan) -> str:
    """The plan for a log: one line a resource, one line a changed field, and the count."""
    if not plan.has_changes:
        return NO_CHANGES
    return "\n".join([*_lines(plan), "", plan_count(plan)])


def plan_count(plan: ResourcePlan) -> str:
    """`Plan: 5 to create, 1 to update, 2 to keep.`"""
    numbers = [f"{plan.count(action)} to {action.value}" for action in SYMBOLS]
    return f"Plan: {', '.join(numbers)}."


def _lines(plan: ResourcePlan) -> Iterator[str]:
    for change in plan.changes:
        yield _headline(change)
        if change.action is not Action.KEEP:
            yield from (f"      {line}" for line in field_lines(change))


def _headline(change: Change) -> str:
    reason = f"  ({change.reason})" if change.reason else ""
    return f"  {SYMBOLS[change.action]} {change.kind} {change.name}{reason}"


def field_lines(change: Change) -> list[str]:
    """A line for each field; of what is created, none that its name tells already.

    The settings of an app that is new are counted: all of them are new, and no value is shown.
    """
    if change.action is not Action.CREATE:
        return [field_text(field) for field in change.fields]
    settings = [field for field in change.fields if field.name.startswith(_SETTING)]
    told = _IN_THE_NAME.get(change.kind, frozenset())
    lines = [field_text(field) for field in change.fields if field not in settings and field.name not in told]
    return [*lines, count(len(settings), "app setting")] if settings else lines


def field_text(field: FieldChange) -> str:
    """`sku: EP1 -> EP2`, or `sku: EP1` where there was nothing before. Long names are cut to what tells them apart."""
    before, after = _shown(field)
    return f"{field.name}: {after}" if before is None else f"{field.name}: {before} -> {after}"


def _shown(field: FieldChange) -> tuple[str | None, str]:
    """ARM ids by their last name, digests by their start; whole where that would make both sides the same."""
    before, after = (None if value is None else _brief(str(value)) for value in (field.before, field.after))
    if before == after:
        return (None if field.before is None else str(field.before)), str(field.after)
    return before, str(after)


def _brief(value: str) -> str:
    return _DIGEST.sub(lambda match: f"sha256:{short(match[1])}...", _ARM_ID.sub(r"\1", value))
