"""How resources are read and written that no client of ours knows, and how what is still being made is waited for.

By their ARM ids, with the resource client's pipeline: clients of their own would add 6 MB for two requests. What is
made by another run, or was by one that was stopped, is waited for, not refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from functions_model.azure.clients import AzureClients
from functions_model.azure.finishing import finished
from functions_model.azure.misread import mapping_of
from functions_model.provision.context import Patience
from functions_model.provision.elsewhere import has_no_subscription
from functions_model.provision.removable import Deletion


def read(clients: AzureClients, resource_id: str, api_version: str) -> dict[str, Any] | None:
    """The resource with that id; None when it is not there.

    Raises:
        AzureError: It cannot be read, or there is no subscription that it could be in.
    """
    try:
        return _send(clients, "GET", resource_id, api_version)
    except HttpResponseError as exc:
        if exc.status_code == 404 and not has_no_subscription(exc):
            return None
        raise


def put(clients: AzureClients, resource_id: str, api_version: str, body: dict[str, Any]) -> dict[str, Any]:
    """Create or replace; the resource as the answer shows it.

    Raises:
        AzureError: It was refused.
    """
    return _send(clients, "PUT", resource_id, api_version, json=body)


def listed(clients: AzureClients, path: str, api_version: str) -> Iterator[dict[str, Any]]:
    """All resources of a collection, page by page.

    Raises:
        AzureError: It cannot be read.
    """
    page = _send(clients, "GET", path, api_version)
    yield from page["value"]
    while link := page.get("nextLink"):
        page = _answer(clients, "GET", link)
        yield from page["value"]


def delete(clients: AzureClients, resource_id: str, api_version: str, **query: str) -> None:
    """Delete it, and wait until it is gone: some answer 200, some 202 with a Location.

    Raises:
        AzureError: It was refused, or failed later.
    """
    resources = clients.resource.resources
    finished(resources.begin_delete_by_id(resource_id.lstrip("/"), api_version=api_version, params=query))


def state_of(document: dict[str, Any] | None) -> str:
    """`Succeeded`, `Creating` and the like, in lower case; `succeeded` for a resource that has no such state."""
    properties = (document or {}).get("properties") or {}
    return str(properties.get("provisioningState") or "Succeeded").lower()


def _send(clients: AzureClients, method: str, resource_id: str, api_version: str, **content: Any) -> dict[str, Any]:
    return _answer(clients, method, resource_id, params={"api-version": api_version}, **content)


def _answer(clients: AzureClients, method: str, url: str, **content: Any) -> dict[str, Any]:
    return mapping_of(clients.resource.send_request(HttpRequest(method, url, **content)))


@dataclass(frozen=True, slots=True)
class Generic:
    """A resource that no client of ours knows.

    Attributes:
        id: The ARM id.
        tags: Its tags.
    """

    id: str
    tags: dict[str, str] | None


def reader_of(resource_type: str, api_version: str) -> Callable[[AzureClients, str, str], Generic | None]:
    """What reads a resource of a type by group and name, for a removal."""

    def read_it(clients: AzureClients, group: str, name: str) -> Generic | None:
        document = read(clients, _id(clients, group, resource_type, name), api_version)
        return Generic(str(document["id"]), document.get("tags")) if document else None

    return read_it


def deletion_of(resource_type: str, api_version: str, **options: str) -> Callable[[Deletion], None]:
    """What deletes a resource of a type; `options` go into the query."""
    return lambda it: delete(it.clients, _id(it.clients, it.group, resource_type, it.name), api_version, **options)


def _id(clients: AzureClients, group: str, resource_type: str, name: str) -> str:
    return f"/subscriptions/{clients.subscription_id}/resourceGroups/{group}/providers/{resource_type}/{name}"


_Resource = TypeVar("_Resource")


def once_made(
    read: Callable[[], _Resource | None],
    is_made: Callable[[_Resource], bool],
    what: str,
    clients: AzureClients,
    sleep: Callable[[float], None] | None = None,
) -> _Resource | None:
    """A resource when it is no longer being made, or as it still is after five minutes; None when it is not there.

    Args:
        read: Looks at it.
        is_made: Whether it is made, by the states that its service has.
        what: For people: "the storage account `s`".
        clients: Told of when there is something to wait for.
        sleep: Waits; seconds. As the clients do it by itself.

    Raises:
        AzureError: It cannot be read.
    """
    found: list[_Resource | None] = []

    def is_over() -> bool:
        found[:] = [read()]
        return found[0] is None or is_made(found[0])

    with suppress(TimeoutError):  # the state that it then has is judged like any other
        Patience(what, sleep or clients.sleep, clients.tell).until(is_over, f"{what}, which Azure is still creating")
    return found[0]
