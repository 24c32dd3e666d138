"""Resources that no client of ours knows: read and written by their ARM ids, with the resource client's pipeline.

Their own clients would add 6 MB to the action for two requests.
"""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients


def read(clients: AzureClients, resource_id: str, api_version: str) -> dict[str, Any] | None:
    """The resource with that id; None when it is not there.

    Raises:
        AzureError: It cannot be read.
    """
    from azure.core.exceptions import HttpResponseError

    try:
        return _send(clients, "GET", resource_id, api_version)
    except HttpResponseError as exc:
        if exc.status_code == 404:
            return None
        raise


def put(clients: AzureClients, resource_id: str, api_version: str, body: dict[str, Any]) -> dict[str, Any]:
    """Create or replace; the resource as the answer shows it.

    Raises:
        AzureError: It was refused.
    """
    return _send(clients, "PUT", resource_id, api_version, json=body)


def state_of(document: dict[str, Any] | None) -> str:
    """`Succeeded`, `Creating` and the like, in lower case; `succeeded` for a resource that has no such state."""
    properties = (document or {}).get("properties") or {}
    return str(properties.get("provisioningState") or "Succeeded").lower()


def _send(clients: AzureClients, method: str, resource_id: str, api_version: str, **content: Any) -> dict[str, Any]:
    from azure.core.rest import HttpRequest

    request = HttpRequest(method, resource_id, params={"api-version": api_version}, **content)
    response = clients.resource.send_request(request)
    response.raise_for_status()
    document: dict[str, Any] = response.json()
    return document
