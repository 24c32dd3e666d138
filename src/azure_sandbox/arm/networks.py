"""The little that the sandbox knows of networks: which subnet an app has joined, and private endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure_sandbox.arm.store import Resource, Store


def subnet_of(store: Store, app: str) -> str:
    """The ARM id of the subnet that the app, or the slot, with that ARM id has joined; empty when there is none."""
    site = store.find(app)
    return str(site.properties.get("virtualNetworkSubnetId") or "") if site else ""


def connect(owner: Resource, network: str) -> None:
    """Show an approved private endpoint, in a virtual network, in what it leads to."""
    owner.properties["privateEndpointConnections"] = [
        *(owner.properties.get("privateEndpointConnections") or ()),
        _connection(owner, network),
    ]


def _connection(owner: Resource, network: str) -> dict[str, Any]:
    name = f"{owner.id.name}.{network.rpartition('/')[2]}"
    endpoint = f"{network.partition('/providers/')[0]}/providers/Microsoft.Network/privateEndpoints/{name}"
    return {
        "id": f"{owner.id}/privateEndpointConnections/{name}",
        "name": name,
        "type": f"{owner.id.resource_type}/privateEndpointConnections",
        "properties": {
            "provisioningState": "Succeeded",
            "privateEndpoint": {"id": endpoint},
            "privateLinkServiceConnectionState": {"status": "Approved", "description": "", "actionRequired": "None"},
        },
    }
