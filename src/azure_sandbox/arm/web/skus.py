"""Sizes of App Service plans."""

from __future__ import annotations

import re
from typing import Any

from azure_sandbox.arm.errors import WebError

_TIERS = {
    "F": "Free",
    "D": "Shared",
    "B": "Basic",
    "S": "Standard",
    "P": "Premium",
    "EP": "ElasticPremium",
    "I": "Isolated",
    "Y": "Dynamic",
    "FC": "FlexConsumption",
    "WS": "WorkflowStandard",
}


def full_sku(given: dict[str, Any]) -> dict[str, Any]:
    """The five members of a SKU, from its name: `EP1` is one worker of the tier ElasticPremium.

    Clients need not say the tier: terraform sends the name alone (hashicorp/terraform-provider-azurerm,
    internal/services/appservice/service_plan_resource.go:219).

    Raises:
        WebError: There is no such size, or it is of another tier.
    """
    name = str(given.get("name") or "")
    found = re.fullmatch(r"([A-Z]+)(\d+)(m?)(v\d)?", name, re.IGNORECASE)
    if not found or found[1].upper() not in _TIERS:
        raise WebError(400, "BadRequest", f"The parameter SKU.Name has an invalid value: '{name}'.")
    family, number, memory, version = (part.lower() for part in found.groups(""))
    tier = _tier(family.upper(), number, memory, version)
    if str(given.get("tier") or tier).lower() != tier.lower():
        raise WebError(400, "BadRequest", f"The parameter SKU.Tier has an invalid value: '{given['tier']}'.")
    return {
        "name": f"{family.upper()}{number}{memory}{version}",
        "tier": tier,
        "size": given.get("size") or name,
        "family": given.get("family") or f"{family.upper()}{memory}{version}",
        "capacity": int(given.get("capacity") or 1),
    }


def _tier(family: str, number: str, memory: str, version: str) -> str:
    """`Premium0V3` of P0v3, `PremiumMV3` of P1mv3.

    Azure/azure-cli 2.91.0, command_modules/appservice/utils.py:84, `get_sku_tier`.
    """
    if (family, number, version) == ("P", "0", "v3"):
        return "Premium0V3"
    memory = "" if (family, version) == ("I", "v4") else memory
    return f"{_TIERS[family]}{memory.upper()}{version.upper()}"
