"""Microsoft.ManagedIdentity: user-assigned identities, each with a service principal in the directory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import invalid
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.locations import location_name
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import GROUP, SUBSCRIPTION, ArmRoute
from azure_sandbox.arm.store import Resource

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.store import Store
    from azure_sandbox.contract import Principal
    from azure_sandbox.directory import EntraDirectory

NAMESPACE = "Microsoft.ManagedIdentity"
TYPE = f"{NAMESPACE}/userAssignedIdentities"
_NAME = re.compile(r"[a-zA-Z0-9][\w-]{2,127}")


class IdentityResponses:
    """Rules and handlers: there are few of either."""

    def __init__(self, store: Store, directory: EntraDirectory) -> None:
        self._store = store
        self._directory = directory
        store.on_remove(TYPE, lambda gone: directory.remove(gone.properties["principalId"]))

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        kind = f"/providers/{TYPE}"
        return [
            ArmRoute("GET", f"{SUBSCRIPTION}{kind}", self._list),
            ArmRoute("GET", f"{GROUP}{kind}", self._list),
            ArmRoute("GET", f"{GROUP}{kind}/{{name}}", self._get),
            ArmRoute("PUT", f"{GROUP}{kind}/{{name}}", self._put),
            ArmRoute("PATCH", f"{GROUP}{kind}/{{name}}", self._patch),
            ArmRoute("DELETE", f"{GROUP}{kind}/{{name}}", self._delete),
        ]

    def _list(self, request: ArmRequest) -> ArmResponse:
        found = self._store.list(resource_type=TYPE, within=request.within)
        return listing([one.wire() for one in found])

    def _get(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._store.get(_id(request)).wire())

    def _put(self, request: ArmRequest) -> ArmResponse:
        if not _NAME.fullmatch(request.name):
            message = f"The identity name '{request.name}' is not valid: 3 to 128 letters, digits, `_` and `-`."
            raise invalid(message, "InvalidRequest")
        location = location_name(request.body.get("location"), TYPE)
        tags = request.body.get("tags") or {}
        with self._store.lock:
            known = self._store.find(_id(request))
            if known:
                known.tags = tags
                return ArmResponse(200, known.wire())
            return ArmResponse(201, self._create(_id(request), location, tags).wire())

    def _create(self, resource_id: ResourceId, location: str, tags: dict[str, str]) -> Resource:
        principal = self._directory.add_managed_identity(resource_id.name, str(resource_id))
        properties = {
            "tenantId": self._directory.tenant_id,
            "principalId": principal.object_id,
            "clientId": principal.client_id,
            "isolationScope": "None",
        }
        return self._store.put(Resource(resource_id, location, tags, {"properties": properties}))

    def _patch(self, request: ArmRequest) -> ArmResponse:
        known = self._store.get(_id(request))
        known.tags = request.body.get("tags", known.tags)
        return ArmResponse(200, known.wire())

    def _delete(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200 if self._store.remove(_id(request)) else 204)


def _id(request: ArmRequest) -> ResourceId:
    return ResourceId(request.subscription, request.group, NAMESPACE, ("userAssignedIdentities",), (request.name,))


def principal_of(store: Store, directory: EntraDirectory, resource_id: str) -> Principal | None:
    """The principal of the identity with that id."""
    found = store.find(resource_id)
    return directory.principal_of_client(found.properties["clientId"]) if found else None


def shown(principal: Principal) -> dict[str, Any]:
    """How a resource that has the identity shows it."""
    return {"principalId": principal.object_id, "clientId": principal.client_id}
