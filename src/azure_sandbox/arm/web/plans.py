"""Microsoft.Web/serverfarms: App Service plans."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import WebError
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.locations import display_name, location_name
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import GROUP, SUBSCRIPTION, ArmRoute
from azure_sandbox.arm.store import Resource
from azure_sandbox.arm.web.skus import full_sku

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.operations import Durations
    from azure_sandbox.arm.store import Store
    from azure_sandbox.arm.web.room import Room

NAMESPACE = "Microsoft.Web"
PLAN = f"{NAMESPACE}/serverfarms"
SITE = f"{NAMESPACE}/sites"
_NAME = re.compile(r"[a-zA-Z0-9-]{1,60}")


class PlanResponses:
    """Rules and handlers."""

    def __init__(self, store: Store, durations: Durations, room_in: Callable[[str], Room]) -> None:
        self._store = store
        self._durations = durations
        self._room_in = room_in

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        kind = f"{GROUP}/providers/{PLAN}"
        return [
            ArmRoute("GET", f"{SUBSCRIPTION}/providers/{PLAN}", self._list, lists=True),
            ArmRoute("GET", kind, self._list),
            ArmRoute("GET", f"{kind}/{{name}}", self._get),
            ArmRoute("PUT", f"{kind}/{{name}}", self._put),
            ArmRoute("PATCH", f"{kind}/{{name}}", self._patch),
            ArmRoute("DELETE", f"{kind}/{{name}}", self._delete),
            ArmRoute("GET", f"{kind}/{{name}}/sites", self._list_sites),
        ]

    def _list(self, request: ArmRequest) -> ArmResponse:
        found = self._store.list(resource_type=PLAN, within=request.within)
        return listing([self._wire(one) for one in found])

    def _get(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._wire(self._store.get(_id(request))))

    def _put(self, request: ArmRequest) -> ArmResponse:
        body = request.body
        if not _NAME.fullmatch(request.name):
            raise WebError(
                400, "BadRequest", f"The plan name '{request.name}' is not valid: 1 to 60 letters, digits, -."
            )
        location = location_name(body.get("location"), PLAN)
        sku = full_sku(body.get("sku") or {})
        # The service answers when the plan is there.
        time.sleep(self._durations.plan)
        with self._store.lock:
            known = self._store.find(_id(request))
            if known and known.location != display_name(location):
                raise WebError(409, "Conflict", f"The plan '{request.name}' already exists in {known.location}.")
            if known is None:
                linux = bool(request.properties.get("reserved"))
                self._room_in(request.subscription).check(request.group, location, sku["tier"], linux=linux)
            plan = Resource(_id(request), display_name(location), body.get("tags") or {})
            plan.extra = {"kind": _kind(body, sku), "sku": sku, "properties": self._properties(request, location)}
            self._store.put(plan)
        return ArmResponse(200, self._wire(plan))

    def _properties(self, request: ArmRequest, location: str) -> dict[str, Any]:
        given = request.properties
        linux = bool(given.get("reserved"))
        space = f"{request.group}-{display_name(location).replace(' ', '')}webspace{'-Linux' if linux else ''}"
        return {
            **given,
            "reserved": linux,
            "status": "Ready",
            "provisioningState": "Succeeded",
            "subscription": request.subscription,
            "resourceGroup": request.group,
            "geoRegion": display_name(location),
            "webSpace": space,
            "maximumElasticWorkerCount": int(given.get("maximumElasticWorkerCount") or 1),
            "zoneRedundant": bool(given.get("zoneRedundant")),
        }

    def _patch(self, request: ArmRequest) -> ArmResponse:
        with self._store.lock:
            plan = self._store.get(_id(request))
            plan.tags = request.body.get("tags", plan.tags)
            plan.properties.update(request.properties)
            if request.body.get("sku"):
                plan.extra["sku"] = full_sku(request.body["sku"])
        return ArmResponse(200, self._wire(plan))

    def _delete(self, request: ArmRequest) -> ArmResponse:
        sites = sites_on(self._store, _id(request))
        if sites:
            names = ", ".join(site.id.name for site in sites)
            message = (
                f"Server farm '{request.name}' cannot be deleted because it has web app(s) {names} assigned to it."
            )
            raise WebError(409, "Conflict", message)
        return ArmResponse(200 if self._store.remove(_id(request)) else 204)

    def _list_sites(self, request: ArmRequest) -> ArmResponse:
        self._store.get(_id(request))
        return listing([site.wire() for site in sites_on(self._store, _id(request))])

    def _wire(self, plan: Resource) -> dict[str, Any]:
        wire = plan.wire()
        wire["properties"]["numberOfSites"] = len(sites_on(self._store, plan.id))
        wire["properties"]["numberOfWorkers"] = plan.extra["sku"]["capacity"]
        return wire


def sites_on(store: Store, plan: ResourceId) -> list[Resource]:
    """The apps that a plan carries."""
    every = store.list(resource_type=SITE)
    return [site for site in every if site.properties["serverFarmId"].lower() == str(plan).lower()]


def _kind(body: dict[str, Any], sku: dict[str, Any]) -> str:
    if body.get("kind"):
        return str(body["kind"])
    if sku["tier"] == "ElasticPremium":
        return "elastic"
    return "linux" if (body.get("properties") or {}).get("reserved") else "app"


def _id(request: ArmRequest) -> ResourceId:
    return ResourceId(request.subscription, request.group, NAMESPACE, ("serverfarms",), (request.name,))
