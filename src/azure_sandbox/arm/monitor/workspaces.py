"""Microsoft.OperationalInsights/workspaces: Log Analytics workspaces. Nothing is kept in them.

A deleted one is kept for 14 days, longer than any sandbox lives, and comes back with the next PUT of its id and place:
https://learn.microsoft.com/rest/api/loganalytics/workspaces/delete.
"""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import ArmError, invalid
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.locations import location_name
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.operations import polling_url
from azure_sandbox.arm.routing import GROUP, LOGIN_ONLY, SUBSCRIPTION, ArmRoute
from azure_sandbox.arm.store import Resource

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.operations import Durations, Operations
    from azure_sandbox.arm.store import Store

NAMESPACE = "Microsoft.OperationalInsights"
TYPE = f"{NAMESPACE}/workspaces"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]")


class WorkspaceResponses:
    """Rules and handlers."""

    def __init__(self, store: Store, operations: Operations, durations: Durations) -> None:
        self._store = store
        self._operations = operations
        self._durations = durations
        self._deleted: dict[str, Resource] = {}
        store.on_remove(TYPE, self._keep)

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        kind, deleted = f"/providers/{TYPE}", f"/providers/{NAMESPACE}/deletedWorkspaces"
        polls = f"{SUBSCRIPTION}/providers/{NAMESPACE}/locations/{{location}}/operationresults/{{operation}}"
        return [
            ArmRoute("GET", polls, self._operations.poll, LOGIN_ONLY),
            ArmRoute("GET", f"{SUBSCRIPTION}{deleted}", self._list_deleted),
            ArmRoute("GET", f"{GROUP}{deleted}", self._list_deleted),
            ArmRoute("GET", f"{SUBSCRIPTION}{kind}", self._list),
            ArmRoute("GET", f"{GROUP}{kind}", self._list),
            ArmRoute("GET", f"{GROUP}{kind}/{{name}}", self._get),
            ArmRoute("PUT", f"{GROUP}{kind}/{{name}}", self._put),
            ArmRoute("DELETE", f"{GROUP}{kind}/{{name}}", self._delete),
        ]

    def _list(self, request: ArmRequest) -> ArmResponse:
        found = self._store.list(resource_type=TYPE, within=request.within)
        return listing([one.wire() for one in found])

    def _get(self, request: ArmRequest) -> ArmResponse:
        """A new workspace is there at the second look: its state is told by the resource, and by no header."""
        with self._store.lock:
            workspace = self._store.get(_id(request))
            wire = workspace.wire()
            if workspace.properties["provisioningState"] == "Creating":
                workspace.properties["provisioningState"] = "Succeeded"
        return ArmResponse(200, wire)

    def _put(self, request: ArmRequest) -> ArmResponse:
        if not _NAME.fullmatch(request.name):
            message = f"The workspace name '{request.name}' is not valid: 4 to 63 letters, digits and hyphens."
            raise invalid(message, "InvalidParameter")
        location = location_name(request.body.get("location"), TYPE)
        with self._store.lock:
            known = self._store.find(_id(request))
            if known and known.properties["provisioningState"] == "Deleting":
                raise ArmError(409, "Conflict", f"The workspace '{request.name}' is being deleted.")
            before = known or self._recovered(request, location)
            properties = {**_defaults(), **(before.properties if before else {}), **request.properties}
            properties["provisioningState"] = "Succeeded" if known else "Creating"
            made = Resource(_id(request), location, request.body.get("tags") or {}, {"properties": properties})
            self._store.put(made)
            return ArmResponse(200 if known else 201, made.wire())

    def _recovered(self, request: ArmRequest, location: str) -> Resource | None:
        """The deleted one of that id; its name is not free for one in another region."""
        deleted = self._deleted.get(str(_id(request)).lower())
        if deleted and deleted.location != location:
            raise ArmError(409, "Conflict", f"The workspace name '{request.name}' is not unique")
        return self._deleted.pop(str(_id(request)).lower(), None)

    def _delete(self, request: ArmRequest) -> ArmResponse:
        """By a polled Location; no component that is based on it keeps it."""
        workspace = self._store.find(_id(request))
        if workspace is None:
            return ArmResponse(204)
        workspace.properties["provisioningState"] = "Deleting"
        for_ever = request.query.get("force", "").lower() == "true"
        operation = self._operations.start(
            self._durations.workspace_delete,
            lambda: ArmResponse(200),
            finish=lambda: self._remove(workspace, for_ever=for_ever),
        )
        place = f"{NAMESPACE}/locations/{workspace.location}/operationresults"
        url = polling_url(request, f"/subscriptions/{request.subscription}/providers/{place}", operation)
        return ArmResponse(202, headers=self._operations.headers(operation, url))

    def _remove(self, workspace: Resource, *, for_ever: bool) -> None:
        self._store.remove(workspace.id)
        if for_ever:
            self._deleted.pop(str(workspace.id).lower(), None)

    def _keep(self, workspace: Resource) -> None:
        """Also when it goes with its group."""
        self._deleted[str(workspace.id).lower()] = workspace

    def _list_deleted(self, request: ArmRequest) -> ArmResponse:
        group = request.values.get("group", "").lower()
        found = [one for one in self._deleted.values() if group in {"", one.id.group.lower()}]
        return listing([one.wire() for one in found])


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
