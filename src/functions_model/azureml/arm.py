"""Reading Azure ML through Resource Manager, as JSON: its management package has no models before a preview."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import quote

from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.rest import HttpRequest

from functions_model.azure import api_versions
from functions_model.azure.assignees import assignee, grant
from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import explain
from functions_model.azure.misread import mapping_of, understood
from functions_model.core.failures import PlanRefused, Problem
from functions_model.core.registered import MachineLearningWorkspace, RegisteredAsset


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
        if not (following := page.get("nextLink")):
            return
        page = _asked(clients, "GET", following, {})


def _asked(clients: AzureClients, method: str, url: str, query: Mapping[str, str]) -> dict[str, Any]:
    return mapping_of(clients.resource.send_request(HttpRequest(method, url, params=dict(query))))


def refused(exc: Exception, action: str, workspace: MachineLearningWorkspace, subject: str) -> PlanRefused:
    """The failure for an error of the workspace.

    Args:
        exc: What the SDK raised.
        action: What was being done, as it follows "Could not".
        workspace: Whose resource was asked for.
        subject: The input that it is about.
    """
    error = explain(exc, action)
    remedy = _role_remedy(error.named, workspace) if error.forbids else error.remedy
    return PlanRefused(action, [Problem(error.reason, remedy, subject)])


def _role_remedy(named: Mapping[str, str], workspace: MachineLearningWorkspace) -> str:
    who = assignee(named["object_id"], named["principal_type"])
    return (
        "The login needs the role `AzureML Data Scientist` on the workspace; `Reader` is enough when it may also read "
        "the storage account (`Storage Blob Data Reader`). Ask an owner to run: "
        f"{grant(who, 'AzureML Data Scientist', workspace_id(workspace))}"
    )


_TOLD = 20
"""So many names or versions are listed in a message."""

_NEWEST_FIRST = {"$orderBy": "createdtime desc"}


@dataclass(frozen=True, slots=True)
class AssetKind:
    """A kind of asset.

    Attributes:
        noun: "model".
        collection: As it stands in ARM paths.
        subject: The input that names such an asset.
    """

    noun: str
    collection: str
    subject: str


MODEL = AssetKind("model", "models", "model-path")
ENVIRONMENT = AssetKind("environment", "environments", "environment-file")


@dataclass(frozen=True, slots=True)
class AssetVersion:
    """One version of an asset, as the workspace has it.

    Attributes:
        id: Its ARM id, as Azure spells it.
        version: Its version, as Azure ML has it.
        properties: The service's own words: `modelUri`, `condaFile`, `isArchived` ...
    """

    id: str
    version: str
    properties: dict[str, Any]

    @property
    def is_archived(self) -> bool:
        """Whether it was taken out of use. It can still be read."""
        return bool(self.properties.get("isArchived"))


_VERSION = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}")
"""https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules, machine learning."""


def find_version(asset: RegisteredAsset, kind: AssetKind, clients: AzureClients) -> AssetVersion:
    """The version that an asset's name means.

    `@latest` is the version that was created last and is not archived, as the Azure ML command line and SDK have it:
    neither the highest number nor the one that was changed last.

    Raises:
        PlanRefused: The workspace, the asset or the version is not there, or may not be read.
    """
    action = f"find the {kind.noun} `{asset}`"
    try:
        with understood():
            return _found(asset, kind, clients, action)
    except AzureError as exc:
        raise refused(exc, action, asset.workspace, kind.subject) from exc


def _found(asset: RegisteredAsset, kind: AssetKind, clients: AzureClients, action: str) -> AssetVersion:
    named = f"{_versions(asset, kind)}/{quote(asset.version or '', safe='')}"
    found = _if_there(clients, named) if asset.version else _latest(asset, kind, clients)
    if found is None:
        raise PlanRefused(action, [_missing(asset, kind, clients)])
    version = str(found["name"])
    if not _VERSION.fullmatch(version):  # a folder of this machine has its name
        message = f"`{version}` is no version"
        raise ValueError(message)
    return AssetVersion(str(found["id"]), version, dict(found.get("properties") or {}))


def _latest(asset: RegisteredAsset, kind: AssetKind, clients: AzureClients) -> Any:
    query = {**_NEWEST_FIRST, "$top": "1", "listViewType": "ActiveOnly"}
    newest = (_if_there(clients, _versions(asset, kind), query) or {}).get("value") or []
    return newest[0] if newest else None


def _versions(asset: RegisteredAsset, kind: AssetKind) -> str:
    return f"{workspace_id(asset.workspace)}/{kind.collection}/{quote(asset.name, safe='')}/versions"


def _if_there(clients: AzureClients, path: str, query: dict[str, str] | None = None) -> Any:
    """What is at the path; None for a 404."""
    try:
        return get_json(clients, path, query)
    except HttpResponseError as exc:
        if exc.status_code == 404:
            return None
        raise


def _missing(asset: RegisteredAsset, kind: AssetKind, clients: AzureClients) -> Problem:
    """What is not there, from the outside in: workspace, asset, version. A 404 alone does not say which."""
    workspace = asset.workspace
    if _if_there(clients, workspace_id(workspace)) is None:
        what = f"there is no Azure ML workspace `{workspace.name}` in the resource group `{workspace.resource_group}`"
        all_of_it = workspace_id(workspace).rpartition("/")[0]
        return Problem(
            what + _seen(_names(clients, all_of_it)),
            "Check `workspace` and `workspace-resource-group`, and that the login has the role Reader on it.",
            "workspace",
        )
    if versions := _names(clients, _versions(asset, kind), {**_NEWEST_FIRST, "listViewType": "All"}):
        which = f"version `{asset.version}`" if asset.version else "version to take"
        what = f"the workspace `{workspace.name}` has no {which} of the {kind.noun} `{asset.name}`" + _seen(versions)
        archived = "Every version is archived: name one, or restore it." if asset.version is None else ""
        return Problem(what, archived or f"Name one of these, or write `azureml:{asset.name}@latest`.", kind.subject)
    names = _names(clients, f"{workspace_id(workspace)}/{kind.collection}")
    what = f"the workspace `{workspace.name}` has no {kind.noun} `{asset.name}`" + _seen(names)
    return Problem(what, f"Check the name, or register the {kind.noun} there.", kind.subject)


def _names(clients: AzureClients, path: str, query: dict[str, str] | None = None) -> list[str]:
    """Of what is in a collection; none where there is no such collection."""
    found = first_items(clients, path, query, count=_TOLD) if _if_there(clients, path) else []
    return [str(item["name"]) for item in found]


def _seen(names: list[str]) -> str:
    listing = ", ".join(f"`{name}`" for name in names) or "none"
    return f" (there: {listing}{' ...' if len(names) == _TOLD else ''})"
