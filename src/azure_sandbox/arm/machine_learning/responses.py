"""Microsoft.MachineLearningServices on the wire: workspaces, and what is registered in them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from azure_sandbox.arm.errors import invalid
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.machine_learning.content import DATASTORE
from azure_sandbox.arm.machine_learning.errors import asset_not_found
from azure_sandbox.arm.machine_learning.state import NAMESPACE, TYPE
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import GROUP, SUBSCRIPTION, ArmRoute

if TYPE_CHECKING:
    from azure_sandbox.arm.machine_learning.assets import Assets, AssetVersion
    from azure_sandbox.arm.machine_learning.state import Workspace, Workspaces
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.store import Store

_PAGE = 30
"""So many versions come in one page when `$top` says nothing."""


class MachineLearningResponses:
    """The handlers."""

    def __init__(self, store: Store, workspaces: Workspaces) -> None:
        self._store = store
        self._workspaces = workspaces

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        kind = f"{GROUP}/providers/{TYPE}"
        one = f"{kind}/{{name}}"
        store = f"{one}/datastores"
        return [
            ArmRoute("GET", f"{SUBSCRIPTION}/providers/{TYPE}", self._list, lists=True),
            ArmRoute("GET", kind, self._list),
            ArmRoute("GET", one, self._get),
            ArmRoute("PUT", one, self._put),
            ArmRoute("DELETE", one, self._delete),
            ArmRoute("GET", store, self._list_datastores),
            ArmRoute("GET", f"{store}/{{datastore}}", self._get_datastore),
            ArmRoute("POST", f"{store}/{{datastore}}/listSecrets", self._list_secrets),
            *self._asset_routes(one, "models"),
            *self._asset_routes(one, "environments"),
        ]

    def _asset_routes(self, workspace: str, collection: str) -> list[ArmRoute]:
        all_of_them = f"{workspace}/{collection}"
        versions = f"{all_of_them}/{{asset}}/versions"
        return [
            ArmRoute("GET", all_of_them, partial(self._list_assets, collection)),
            ArmRoute("GET", f"{all_of_them}/{{asset}}", partial(self._get_asset, collection)),
            ArmRoute("GET", versions, partial(self._list_versions, collection)),
            ArmRoute("GET", f"{versions}/{{version}}", partial(self._get_version, collection)),
        ]

    # Workspaces

    def _list(self, request: ArmRequest) -> ArmResponse:
        found = self._store.list(resource_type=TYPE, within=request.within)
        return listing([one.wire() for one in found])

    def _get(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._workspace(request).resource.wire())

    def _put(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._workspaces.put(_id(request), request.body).wire())

    def _delete(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200 if self._store.remove(_id(request)) else 204)

    def _workspace(self, request: ArmRequest) -> Workspace:
        return self._workspaces.get(_id(request))

    # Datastores

    def _list_datastores(self, request: ArmRequest) -> ArmResponse:
        return listing([self._datastore(self._workspace(request))])

    def _get_datastore(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._datastore(self._workspace_of_datastore(request)))

    def _list_secrets(self, request: ArmRequest) -> ArmResponse:
        key = self._workspaces.key(self._workspace_of_datastore(request))
        return ArmResponse(200, {"secretsType": "AccountKey", "key": key})

    def _workspace_of_datastore(self, request: ArmRequest) -> Workspace:
        workspace, name = self._workspace(request), request.values["datastore"]
        if name.lower() != DATASTORE:
            raise asset_not_found("datastore", name)
        return workspace

    def _datastore(self, workspace: Workspace) -> dict[str, Any]:
        account = self._workspaces.open(workspace)
        blobs = urlsplit(str(account.properties["primaryEndpoints"]["blob"]))
        properties = {
            "description": None,
            "tags": {},
            "properties": {},
            "isDefault": True,
            "credentials": {"credentialsType": "AccountKey"},
            "datastoreType": "AzureBlob",
            "accountName": account.id.name,
            "containerName": workspace.container,
            # Azure's is a suffix of host names. Here the account comes after the host: ask the storage account itself.
            "endpoint": blobs.netloc,
            "protocol": blobs.scheme,
            "subscriptionId": account.id.subscription,
            "resourceGroup": account.id.group,
            "serviceDataAccessAuthIdentity": "None",
        }
        return {
            "id": f"{workspace.id}/datastores/{DATASTORE}",
            "name": DATASTORE,
            "type": f"{TYPE}/datastores",
            "properties": properties,
        }

    # Models and environments

    def _list_assets(self, collection: str, request: ArmRequest) -> ArmResponse:
        workspace = self._workspace(request)
        assets = _assets(workspace, collection)
        return listing([assets.container(name, workspace.id, collection) for name in assets.names()])

    def _get_asset(self, collection: str, request: ArmRequest) -> ArmResponse:
        workspace = self._workspace(request)
        found = _assets(workspace, collection).container(request.values["asset"], workspace.id, collection)
        return ArmResponse(200, found)

    def _get_version(self, collection: str, request: ArmRequest) -> ArmResponse:
        workspace = self._workspace(request)
        found = _assets(workspace, collection).get(request.values["asset"], request.values["version"])
        if collection == "models":
            # Whoever asks for a model wants its files next.
            self._workspaces.open(workspace)
        return ArmResponse(200, found.wire(workspace.id, collection))

    def _list_versions(self, collection: str, request: ArmRequest) -> ArmResponse:
        workspace = self._workspace(request)
        found = _chosen(_assets(workspace, collection).versions(request.values["asset"]), request)
        start, top = _number(request, "$skip", 0), _number(request, "$top", _PAGE)
        page = [one.wire(workspace.id, collection) for one in found[start : start + top]]
        following = {"nextLink": _next_page(request, start + top)} if found[start + top :] else {}
        return ArmResponse(200, {"value": page, **following})


def _assets(workspace: Workspace, collection: str) -> Assets:
    return workspace.models if collection == "models" else workspace.environments


def _chosen(versions: list[AssetVersion], request: ArmRequest) -> list[AssetVersion]:
    """Those that the query asks for, in its order. The newest come first when it names none."""
    view = request.query.get("listviewtype", "ActiveOnly").lower()
    shown = [one for one in versions if view == "all" or one.archived is (view == "archivedonly")]
    wanted = request.query.get("version")
    field, _, direction = (request.query.get("$orderby") or "createdtime desc").strip().lower().partition(" ")
    if field not in {"createdtime", "modifiedtime"} or direction.strip() not in {"", "asc", "desc"}:
        message = f"The value '{request.query['$orderby']}' of $orderBy is not known to the sandbox."
        raise invalid(message, "UserError")
    ordered = shown if direction.strip() == "desc" else shown[::-1]
    return [one for one in ordered if wanted in {None, one.version}]


def _number(request: ArmRequest, name: str, default: int) -> int:
    text = request.query.get(name) or str(default)
    if not text.isdecimal():
        message = f"The value '{text}' of {name} is not a number."
        raise invalid(message, "UserError")
    return int(text)


def _next_page(request: ArmRequest, start: int) -> str:
    query = {**request.query, "$skip": str(start)}
    return f"{request.origin}{request.path}?{urlencode(query)}"


def _id(request: ArmRequest) -> ResourceId:
    return ResourceId(request.subscription, request.group, NAMESPACE, ("workspaces",), (request.name,))
