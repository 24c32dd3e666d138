"""Regions, by name and by the name that people see. Some services answer with the second."""

from __future__ import annotations

from azure_sandbox.arm.errors import ArmError

LOCATIONS = {
    "australiaeast": "Australia East",
    "brazilsouth": "Brazil South",
    "canadacentral": "Canada Central",
    "centralindia": "Central India",
    "centralus": "Central US",
    "eastasia": "East Asia",
    "eastus": "East US",
    "eastus2": "East US 2",
    "francecentral": "France Central",
    "germanywestcentral": "Germany West Central",
    "italynorth": "Italy North",
    "japaneast": "Japan East",
    "koreacentral": "Korea Central",
    "northcentralus": "North Central US",
    "northeurope": "North Europe",
    "norwayeast": "Norway East",
    "polandcentral": "Poland Central",
    "southafricanorth": "South Africa North",
    "southcentralus": "South Central US",
    "southeastasia": "Southeast Asia",
    "spaincentral": "Spain Central",
    "swedencentral": "Sweden Central",
    "switzerlandnorth": "Switzerland North",
    "uaenorth": "UAE North",
    "uksouth": "UK South",
    "ukwest": "UK West",
    "westcentralus": "West Central US",
    "westeurope": "West Europe",
    "westus": "West US",
    "westus2": "West US 2",
    "westus3": "West US 3",
}


def location_name(text: object, resource_type: str) -> str:
    """`westeurope` for `westeurope` and for `West Europe`.

    Raises:
        ArmError: LocationRequired, or LocationNotAvailableForResourceType.
    """
    name = str(text or "").replace(" ", "").lower()
    if not name:
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    if name not in LOCATIONS:
        message = (
            f"The provided location '{text}' is not available for resource type '{resource_type}'. List of available "
            f"regions for the resource type is '{','.join(LOCATIONS)}'."
        )
        raise ArmError(400, "LocationNotAvailableForResourceType", message)
    return name


def display_name(name: str) -> str:
    """`West Europe` for `westeurope`."""
    return LOCATIONS[name]
