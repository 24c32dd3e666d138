"""Who may come into a storage account: its settings, read as the service reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_sandbox.networks import NetworkRules
from azure_sandbox.storage_contract import AccountRules

if TYPE_CHECKING:
    from azure_sandbox.arm.store import Resource


def rules_of(account: Resource, private_networks: frozenset[str]) -> AccountRules:
    """The rules of an account, and the virtual networks with a private endpoint of it.

    What is left out stands for the permissive value, but for public blobs. (learn.microsoft.com/rest/api/storagerp/
    storage-accounts/create: `allowSharedKeyAccess`, `publicNetworkAccess`, `networkAcls`, `allowBlobPublicAccess`)
    """
    properties = account.properties
    network: dict[str, Any] = properties.get("networkAcls") or {}
    return AccountRules(
        resource_id=str(account.id),
        takes_keys=properties.get("allowSharedKeyAccess") is not False,
        public_blobs=properties.get("allowBlobPublicAccess") is True,
        network=NetworkRules(
            public=str(properties.get("publicNetworkAccess") or "Enabled").lower() == "enabled",
            open_to_all=str(network.get("defaultAction") or "Allow").lower() == "allow",
            addresses=tuple(str(rule["value"]) for rule in network.get("ipRules") or ()),
            subnets=frozenset(str(rule["id"]).lower() for rule in network.get("virtualNetworkRules") or ()),
            private_networks=private_networks,
        ),
    )
