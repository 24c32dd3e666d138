"""A plan as JSON, for machines. `docs/reference/plan.md` documents the format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions_model.provision import Action

if TYPE_CHECKING:
    from functions_model.provision import Change, ChangeSet

FORMAT_VERSION = "1.0"
"""The first number changes when a member goes or means something else, the second when one is added."""


def plan_json(plan: ChangeSet) -> str:
    """The same text for the same plan. No secret is in it, as no plan holds one."""
    return json.dumps(plan_document(plan), ensure_ascii=False, indent=2)


def plan_document(plan: ChangeSet) -> dict[str, Any]:
    """The plan as plain values, in the plan's own order."""
    return {
        "format-version": FORMAT_VERSION,
        "has-changes": plan.has_changes,
        "counts": {action.value: plan.count(action) for action in Action},
        "changes": [_change(change) for change in plan.changes],
        "notes": list(plan.notes),
    }


def _change(change: Change) -> dict[str, Any]:
    """A member that has no value is null: whoever reads it need not ask whether it is there."""
    return {
        "action": change.action.value,
        "kind": change.kind,
        "name": change.name,
        "resource-id": change.resource_id or None,
        "reason": change.reason or None,
        "fields": [{"name": field.name, "before": field.before, "after": field.after} for field in change.fields],
    }
