"""Microsoft.OperationalInsights/workspaces: Log Analytics workspaces. Nothing is kept in them."""

from __future__ import annotations

import re
import time
import uuid
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

NAMESPACE = "Microsoft.OperationalInsights"
TYPE = f"{NAMESPACE}/workspaces"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]")


class WorkspaceResponses:
    """Rules and handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        kind = f"/providers/{TYPE}"
        return [
            ArmRoute("GET", f"{SUBSCRIPTION}{kind}", self._list),
            ArmRoute("GET", f"{GROUP}{kind}", self._list),
            ArmRoute("GET", f"{GROUP}{kind}/{{name}}", self._get),
            ArmRoute("PUT", f"{GROUP}{kind}/{{name}}", self._put),
            ArmRoute("DELETE", f"{GROUP}{kind}/{{name}}", self._delete),
        ]

    def _list(self, request: ArmRequest) -> ArmResponse:
        found = self._store.list(resource_type=TYPE, group=request.values.get("group"))
        return listing([one.wire() for one in found])

    def _get(self, request: ArmRequest) -> ArmResponse:
        """A new workspace is there at the second look: its state is told by the resource, and by no header."""
        with self._store.lock:
            workspace = self._store.get(_id(request))
            wire = workspace.wire()
            workspace.properties["provisioningState"] = "Succeeded"
        return ArmResponse(200, wire)

    def _put(self, request: ArmRequest) -> ArmResponse:
        if not _NAME.fullmatch(request.name):
            message = f"The workspace name '{request.name}' is not valid: 4 to 63 letters, digits and hyphens."
            raise invalid(message, "InvalidParameter")
        location = location_name(request.body.get("location"), TYPE)
        with self._store.lock:
            known = self._store.find(_id(request))
            properties = {**_defaults(), **(known.properties if known else {}), **request.properties}
            properties["provisioningState"] = "Succeeded" if known else "Creating"
            made = Resource(_id(request), location, request.body.get("tags") or {}, {"properties": properties})
            self._store.put(made)
            return ArmResponse(200 if known else 201, made.wire())

    def _delete(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200 if self._store.remove(_id(request)) else 204)


def _defaults() -> dict[str, Any]:
    return {
        "customerId": str(uuid.uuid4()),
        "sku": {"name": "PerGB2018"},
        "retentionInDays": 30,
        "createdDate": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
    }


def _id(request: ArmRequest) -> ResourceId:
    return ResourceId(request.subscription, request.group, NAMESPACE, ("workspaces",), (request.name,))
