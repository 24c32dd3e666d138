"""Reading Azure ML through Resource Manager, as JSON: its management package has no models before a preview."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote

from azure.core.rest import HttpRequest

from functions_model.azure import api_versions
from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import explain
from functions_model.core.failures import PlanRefused, Problem
from functions_model.core.registered import MachineLearningWorkspace


def group_id(subscription_id: str, resource_group: str) -> str:
    """ARM id of a resource group."""
    return f"/subscriptions/{quote(subscription_id, safe='')}/resourceGroups/{quote(resource_group, safe='')}"


def workspace_id(workspace: MachineLearningWorkspace) -> str:
    """ARM id of a workspace."""
    group = group_id(workspace.subscription_id, workspace.resource_group)
    return f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{quote(workspace.name, safe='')}"


def get_json(
    clients: AzureClients,
    path: str,
    query: Mapping[str, str] | None = None,
    *,
    api: str = api_versions.MACHINE_LEARNING,
) -> Any:
    """What is at an ARM path, parsed.

    Args:
        clients: Give address, token and retries.
        path: Begins with a slash.
        query: More parameters than the API version.
        api: The API version.

    Raises:
        AzureError: As the SDK raises it; `HttpResponseError` for a refusal.
    """
    return _asked(clients, "GET", path, {"api-version": api, **(query or {})})


def post_json(clients: AzureClients, path: str) -> Any:
    """The answer to an ARM action without a body; raises as `get_json`."""
    return _asked(clients, "POST", path, {"api-version": api_versions.MACHINE_LEARNING})


def first_items(clients: AzureClients, path: str, query: Mapping[str, str] | None = None, *, count: int) -> list[Any]:
    """The first items of a collection, over several pages where it has them; raises as `get_json`."""
    return list(islice(_items(clients, path, query or {}), count))


def _items(clients: AzureClients, path: str, query: Mapping[str, str]) -> Iterator[Any]:
    page = get_json(clients, path, query)
    while True:
        yield from page.get("value") or []
        following = str(page.get("nextLink") or "")
        # The token goes with the request, so a link to anywhere else is not followed.
        if not following.startswith(clients.cloud.resource_manager + "/"):
            return
        page = _asked(clients, "GET", following, {})


def _asked(clients: AzureClients, method: str, url: str, query: Mapping[str, str]) -> Any:
    response = clients.resource.send_request(HttpRequest(method, url, params=dict(query)))
    response.raise_for_status()
    return response.json()


_OBJECT_ID = re.compile(r"object id '([^']+)'")


def refused(exc: Exception, action: str, workspace: MachineLearningWorkspace, subject: str) -> PlanRefused:
    """The failure for an error of the workspace.

    Args:
        exc: What the SDK raised.
        action: What was being done, as it follows "Could not".
        workspace: Whose resource was asked for.
        subject: The input that it is about.
    """
    error = explain(exc, action)
    remedy = _role_remedy(error.message, workspace) if error.status == 403 else error.remedy
    return PlanRefused(action, [Problem(error.reason, remedy, subject)])


def _role_remedy(message: str, workspace: MachineLearningWorkspace) -> str:
    found = _OBJECT_ID.search(message)
    assignee = found.group(1) if found else "<object id of the login>"
    return (
        "The login needs the role `AzureML Data Scientist` on the workspace; `Reader` is enough when it may also read "
        "the storage account (`Storage Blob Data Reader`). Ask an owner to run: az role assignment create "
        f"--assignee-object-id {assignee} --assignee-principal-type ServicePrincipal "
        f'--role "AzureML Data Scientist" --scope {workspace_id(workspace)}'
    )
