"""Microsoft.Insights/components: Application Insights. `azure_sandbox/ingestion.py` takes what is sent to them."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from azure_sandbox.arm.errors import ArmError, invalid, not_linked
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.locations import location_name
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.monitor.workspaces import TYPE as WORKSPACE
from azure_sandbox.arm.routing import GROUP, SUBSCRIPTION, ArmRoute
from azure_sandbox.arm.store import Resource

if TYPE_CHECKING:
    from azure_sandbox.arm.authorization.state import RoleAssignments
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.store import Store

NAMESPACE = "Microsoft.Insights"
TYPE = f"{NAMESPACE}/components"
_NAME = re.compile(r"[^%&\\?/]{1,260}")
_LINK = "Microsoft.OperationalInsights/workspaces/sharedKeys/action"
_COMPUTED = ("AppId", "ApplicationId", "InstrumentationKey", "ConnectionString", "Name", "provisioningState")


class ComponentResponses:
    """Rules and handlers.

    Args:
        store: All resources.
        assignments: Role assignments.
        ingestion: Where telemetry is taken; empty: Azure's own address of a region.
    """

    def __init__(self, store: Store, assignments: RoleAssignments, ingestion: str = "") -> None:
        self._store = store
        self._assignments = assignments
        self._ingestion = ingestion

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
        found = self._store.list(resource_type=TYPE, within=request.within)
        return listing([one.wire() for one in found])

    def _get(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._store.get(_id(request)).wire())

    def _put(self, request: ArmRequest) -> ArmResponse:
        body = request.body
        if not _NAME.fullmatch(request.name):
            raise invalid(f"The component name '{request.name}' is not valid.", "InvalidParameter")
        if not body.get("kind"):
            raise invalid("The property 'kind' is required.", "InvalidParameter")
        location = location_name(body.get("location"), TYPE)
        self._check_workspace(request)
        with self._store.lock:
            known = self._store.find(_id(request))
            computed = {name: known.properties[name] for name in _COMPUTED} if known else self._made(request, location)
            given = {name: value for name, value in request.properties.items() if name not in _COMPUTED}
            extra = {"kind": body["kind"], "properties": {"DisableLocalAuth": False, **given, **computed}}
            made = self._store.put(Resource(_id(request), location, body.get("tags") or {}, extra))
        return ArmResponse(200, made.wire())

    def _check_workspace(self, request: ArmRequest) -> None:
        """Components of their own storage ("classic") can be made no longer.

        A workspace in another subscription takes a permission of its own on it (MicrosoftDocs/azure-monitor-docs#297).
        """
        workspace = self._store.find(str(request.properties.get("WorkspaceResourceId") or ""))
        if workspace is None or workspace.id.resource_type.lower() != WORKSPACE.lower():
            message = "A component needs the property 'WorkspaceResourceId' of a Log Analytics workspace that exists."
            raise ArmError(400, "InvalidParameter", message)
        elsewhere = workspace.id.subscription != request.subscription
        caller = request.caller
        if elsewhere and not (caller and self._assignments.allows(caller.object_id, _LINK, str(workspace.id))):
            raise not_linked(caller, f"{TYPE}/write", request.path, _LINK, str(workspace.id))

    def _made(self, request: ArmRequest, location: str) -> dict[str, str]:
        return _computed(request, location, self._ingestion or f"https://{location}-0.in.applicationinsights.azure.com")

    def _delete(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200 if self._store.remove(_id(request)) else 204)


def _computed(request: ArmRequest, location: str, ingestion: str) -> dict[str, str]:
    key, app = str(uuid.uuid4()), str(uuid.uuid4())
    parts = (
        f"InstrumentationKey={key}",
        f"IngestionEndpoint={ingestion}/",
        f"LiveEndpoint=https://{location}.livediagnostics.monitor.azure.com/",
        f"ApplicationId={app}",
    )
    return {
        "AppId": app,
        "ApplicationId": request.name,
        "InstrumentationKey": key,
        "ConnectionString": ";".join(parts),
        "Name": request.name,
        "provisioningState": "Succeeded",
    }


def component_with(store: Store, key: str) -> Resource | None:
    """The component with that instrumentation key."""
    found = (one for one in store.list(resource_type=TYPE) if one.properties["InstrumentationKey"] == key.lower())
    return next(found, None)


def _id(request: ArmRequest) -> ResourceId:
    return ResourceId(request.subscription, request.group, NAMESPACE, ("components",), (request.name,))
