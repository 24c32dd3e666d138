"""What holds for deployment slots: what they are called, and how many an app may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_sandbox.arm.errors import WebError
from azure_sandbox.arm.web.plans import SITE

if TYPE_CHECKING:
    from azure_sandbox.arm.ids import ResourceId
    from azure_sandbox.arm.store import Resource

SLOT_TYPE = f"{SITE}/slots"
_SLOTS = (("Standard", 5), ("Premium", 20), ("Isolated", 20), ("ElasticPremium", 2), ("Dynamic", 1))
"""Slots beside production, by the beginning of a plan's tier; other tiers have none.
https://learn.microsoft.com/azure/azure-functions/functions-scale#service-limits."""


def app_name(resource_id: ResourceId) -> str:
    """The first part of the host name on Azure: `<app>`, or `<app>-<slot>`."""
    return "-".join(resource_id.names)


def check_slots(resource_id: ResourceId, slots: list[Resource], plan: Resource) -> None:
    """Refuse a slot that the plan has no room for.

    Raises:
        WebError: Conflict.
    """
    tier = str(plan.extra["sku"]["tier"])
    if len(resource_id.names) > 1 and len(slots) >= next((n for t, n in _SLOTS if tier.startswith(t)), 0):
        message = (
            f"Cannot complete the operation because the site will exceed the number of slots allowed for the '{tier}' "
            "SKU."
        )
        raise WebError(409, "Conflict", message)
