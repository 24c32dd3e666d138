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

    Raises:
        WebError: There is no such size.
    """
    name = str(given.get("name") or "")
    found = re.fullmatch(r"([A-Z]+)(\d+)(m?v\d)?", name, re.IGNORECASE)
    if not found or found[1].upper() not in _TIERS:
        raise WebError(400, "BadRequest", f"The parameter SKU.Name has an invalid value: '{name}'.")
    family = found[1].upper()
    version = (found[3] or "").removeprefix("m")
    tier = f"{_TIERS[family]}{version.upper() if family == 'P' else ''}"
    return {
        "name": name.upper().replace("V", "v") if version else name.upper(),
        "tier": given.get("tier") or tier,
        "size": given.get("size") or name,
        "family": given.get("family") or f"{family}{version}",
        "capacity": int(given.get("capacity") or 1),
    }
