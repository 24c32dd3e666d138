"""A plan as text: what differs, before and after, and a line that counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.provision import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.provision import Change, FieldChange, ResourcePlan

SYMBOLS = {Action.CREATE: "+", Action.UPDATE: "~", Action.KEEP: " "}
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
            yield from (f"      {field_text(field)}" for field in change.fields)


def _headline(change: Change) -> str:
    reason = f"  ({change.reason})" if change.reason else ""
    return f"  {SYMBOLS[change.action]} {change.kind} {change.name}{reason}"


def field_text(field: FieldChange) -> str:
    """`sku: EP1 -> EP2`, or `sku: EP1` where there was nothing before."""
    if field.before is None:
        return f"{field.name}: {field.after}"
    return f"{field.name}: {field.before} -> {field.after}"
