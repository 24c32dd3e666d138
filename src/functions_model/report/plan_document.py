"""A plan as JSON, for a step or a job that comes after."""

from __future__ import annotations

import json
import re
from typing import Any

from functions_model.provision import Action, Change, ResourcePlan
from functions_model.provision.removal import RemovalPlan

FORMAT_VERSION = "2.0"
"""The first number changes when a member goes or means something else, the second when one is added."""
OTHER = "/subscriptions/other"
"""Begins the id of a resource in a subscription that is not the app's; a second one is `other-2`, and so on."""
_SUBSCRIPTION = re.compile(r"/subscriptions/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=(/?))", re.IGNORECASE)


def plan_json(plan: ResourcePlan | RemovalPlan) -> str:
    """The same text for the same plan. No secret is in it, as no plan holds one, and no subscription's id.

    A CI host may keep an output from other jobs that holds a masked text, and many mask the ids of their subscriptions.
    """
    return json.dumps(plan_document(plan), ensure_ascii=False, indent=2)


def plan_document(plan: ResourcePlan | RemovalPlan) -> dict[str, Any]:
    """The plan as plain values, in the plan's own order."""
    ids = RelativeIds(plan.names.subscription)
    return {
        "format-version": FORMAT_VERSION,
        "has-changes": plan.has_changes,
        "counts": {action.value: plan.count(action) for action in Action},
        "changes": [_change(change, ids) for change in plan.changes],
        "notes": [ids.within(note) for note in plan.notes],
    }


class RelativeIds:
    """ARM ids as Azure's templates write them, from the subscription on: `/resourceGroups/iris-rg`.

    Args:
        subscription: The one that ids are relative to, a GUID.
    """

    def __init__(self, subscription: str) -> None:
        self._places = {subscription.lower(): ""}

    def within(self, text: str) -> str:
        """The text with every id in it made relative; that of another subscription begins with `OTHER`."""
        return _SUBSCRIPTION.sub(self._place, text)

    def _place(self, found: re.Match[str]) -> str:
        number = len(self._places)
        other = OTHER if number == 1 else f"{OTHER}-{number}"
        place = self._places.setdefault(found[1].lower(), other)
        return place if found[2] else place or "/"


def _change(change: Change, ids: RelativeIds) -> dict[str, Any]:
    """A member that has no value is null: whoever reads it need not ask whether it is there."""
    return {
        "action": change.action.value,
        "kind": change.kind,
        "name": ids.within(change.name),
        "resource-id": ids.within(change.resource_id) or None,
        "reason": ids.within(change.reason) or None,
        "fields": [
            {
                "name": ids.within(field.name),
                "before": None if field.before is None else ids.within(field.before),
                "after": ids.within(field.after),
            }
            for field in change.fields
        ],
    }
