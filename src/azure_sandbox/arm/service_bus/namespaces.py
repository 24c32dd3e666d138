"""A namespace's name, tier and properties: what is allowed, and what ARM shows."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.locations import display_name, location_name
from azure_sandbox.arm.service_bus.errors import bad_namespace
from azure_sandbox.arm.store import Resource

if TYPE_CHECKING:
    from azure_sandbox.arm.ids import ResourceId

NAMESPACE = "Microsoft.ServiceBus"
TYPE = f"{NAMESPACE}/namespaces"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]")
_RESERVED_ENDS = ("-sb", "-mgmt")
TIERS = ("Basic", "Standard", "Premium")
_UNITS = (1, 2, 4, 8, 16)
"""Messaging units of a Premium namespace."""
_DEFAULTS = {
    "disableLocalAuth": False,
    "minimumTlsVersion": "1.2",
    "publicNetworkAccess": "Enabled",
    "premiumMessagingPartitions": 0,
    "privateEndpointConnections": [],
    "zoneRedundant": False,
}
_COMPUTED = {
    "privateEndpointConnections",
    "provisioningState",
    "status",
    "metricId",
    "createdAt",
    "updatedAt",
    "serviceBusEndpoint",
}


def name_is_valid(name: str) -> bool:
    """6 to 50 letters, digits and hyphens: a letter first, a letter or digit last, no reserved ending."""
    return bool(_NAME.fullmatch(name)) and not name.lower().endswith(_RESERVED_ENDS)


def new_namespace(resource_id: ResourceId, body: dict[str, Any]) -> Resource:
    """The namespace that a PUT asks for, while it is being made.

    Raises:
        ArmError: The name, location or SKU does not do.
    """
    if not name_is_valid(resource_id.name):
        message = "The specified service namespace is invalid."
        raise bad_namespace(message)
    now = utc_now()
    properties = {
        **_DEFAULTS,
        **settable(body),
        "provisioningState": "Created",
        "status": "Activating",
        "metricId": f"{resource_id.subscription}:{resource_id.name}",
        "createdAt": now,
        "updatedAt": now,
    }
    sku = read_sku(body.get("sku") or {})
    shown = display_name(location_name(body.get("location"), TYPE))
    return Resource(resource_id, shown, body.get("tags") or {}, {"sku": sku, "properties": properties})


def change_namespace(known: Resource, body: dict[str, Any]) -> Resource:
    """Merge tags, SKU and properties.

    Raises:
        ArmError: The SKU does not do, or would move the namespace to or from Premium.
    """
    given = body.get("sku") or {}
    sku = read_sku({**({} if given.get("name") else known.extra["sku"]), **given})
    if (sku["tier"] == "Premium") != (known.extra["sku"]["tier"] == "Premium"):
        message = "The tier of a namespace cannot be changed to or from Premium."
        raise bad_namespace(message)
    known.tags = body.get("tags", known.tags)
    known.extra["sku"] = sku
    known.properties.update({**settable(body), "updatedAt": utc_now()})
    return known


def read_sku(given: dict[str, Any]) -> dict[str, Any]:
    """The members of a SKU; Standard when none is named.

    Raises:
        ArmError: There is no such tier or capacity.
    """
    name = str(given.get("name") or "Standard")
    tier = next((known for known in TIERS if known.lower() == name.lower()), None)
    if tier is None or str(given.get("tier") or tier).lower() != tier.lower():
        message = f"The SKU '{name}' with the tier '{given.get('tier')}' is not one of {', '.join(TIERS)}."
        raise bad_namespace(message)
    if tier != "Premium":
        return {"name": tier, "tier": tier}
    capacity = given.get("capacity") or 1
    if capacity not in _UNITS:
        message = f"The capacity '{capacity}' is not one of 1, 2, 4, 8, 16."
        raise bad_namespace(message)
    return {"name": tier, "tier": tier, "capacity": capacity}


def settable(body: dict[str, Any]) -> dict[str, Any]:
    """The properties that a client may set, of those in the body."""
    given = (body.get("properties") or {}).items()
    return {name: value for name, value in given if name not in _COMPUTED and value is not None}


def utc_now() -> str:
    """As ARM writes times."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
