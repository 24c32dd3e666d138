"""Microsoft.Web/sites on the wire: the site itself."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import not_linked, parent_not_found
from azure_sandbox.arm.identity.responses import shown
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.locations import display_name, location_name
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import GROUP, SUBSCRIPTION, ArmRoute
from azure_sandbox.arm.store import Resource
from azure_sandbox.arm.web.plans import NAMESPACE, SITE, sites_on
from azure_sandbox.arm.web.site_config import excerpt
from azure_sandbox.networks import APPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from azure_sandbox.arm.authorization.state import RoleAssignments
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.operations import Durations
    from azure_sandbox.arm.store import Store
    from azure_sandbox.arm.web.site import Site
    from azure_sandbox.arm.web.state import Sites

ONE = f"{GROUP}/providers/{SITE}/{{name}}"
SLOT = f"{ONE}/slots/{{slot}}"
_COMPUTED = {
    "siteConfig",
    "serverFarmId",
    "state",
    "hostNames",
    "enabledHostNames",
    "defaultHostName",
    "hostNameSslStates",
    "siteProperties",
    "lastModifiedTimeUtc",
}


class SiteResponses:
    """The handlers."""

    def __init__(
        self, store: Store, sites: Sites, assignments: RoleAssignments, *, durations: Durations, tenant: str
    ) -> None:
        self._store = store
        self._sites = sites
        self._assignments = assignments
        self._durations = durations
        self._tenant = tenant

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        kind = f"{GROUP}/providers/{SITE}"
        one = [
            ArmRoute("GET", ONE, self._get),
            ArmRoute("PUT", ONE, self._put),
            ArmRoute("PATCH", ONE, self._patch),
            ArmRoute("DELETE", ONE, self._delete),
        ]
        return [
            ArmRoute("GET", f"{SUBSCRIPTION}/providers/{SITE}", self._list, lists=True),
            ArmRoute("GET", kind, self._list),
            ArmRoute("GET", f"{ONE}/slots", self._list_slots),
            *with_slots(one),
        ]

    def _list(self, request: ArmRequest) -> ArmResponse:
        found = self._store.list(resource_type=SITE, within=request.within)
        return listing([self._wire(one) for one in found])

    def _list_slots(self, request: ArmRequest) -> ArmResponse:
        app = self._store.get(site_id(request))
        return listing([self._wire(one) for one in self._sites.slots_of(app.id)])

    def _get(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._wire(self._store.get(site_id(request))))

    def _put(self, request: ArmRequest) -> ArmResponse:
        body, resource_id = request.body, site_id(request)
        location = display_name(location_name(body.get("location"), SITE))
        self._check_may_assign(request)
        # The service answers when the site is there (20 s on the live one); the app starts after that.
        time.sleep(self._durations.site)
        with self._store.lock:
            app = self._app_of(request)
            known = self._store.find(resource_id)
            told = known or app
            plan_id = request.properties.get("serverFarmId") or (told and told.properties["serverFarmId"])
            plan = self._sites.plan_of(plan_id, resource_id)
            site = self._sites.open(resource_id, plan)
            resource = Resource(known.id if known else resource_id, location, body.get("tags") or {})
            resource.extra["kind"] = body.get("kind") or (told.extra["kind"] if told else "app")
            resource.extra["properties"] = {**_settable(request.properties), "serverFarmId": str(plan.id)}
            return self._finish(request, resource, site, replace=True)

    def _app_of(self, request: ArmRequest) -> Resource | None:
        """The app that a slot belongs to; None for an app itself."""
        if "slot" not in request.values:
            return None
        app = self._store.find(_app_id(request))
        if app is None:
            raise parent_not_found(f"{SITE}/{request.name}")
        return app

    def _patch(self, request: ArmRequest) -> ArmResponse:
        self._check_may_assign(request)
        with self._store.lock:
            resource = self._store.get(site_id(request))
            site = self._sites.of(resource.id)
            self._sites.check_free(resource.id)
            resource.tags = request.body.get("tags", resource.tags)
            resource.properties.update(_settable(request.properties))
            if request.properties.get("serverFarmId"):
                plan = self._sites.plan_of(request.properties["serverFarmId"], resource.id)
                resource.properties["serverFarmId"] = str(plan.id)
            return self._finish(request, resource, site, replace=False)

    def _finish(self, request: ArmRequest, resource: Resource, site: Site, *, replace: bool) -> ArmResponse:
        self._sites.identify(site, request.body.get("identity"), resource, replace=replace)
        self._sites.configure(site, request.properties.get("siteConfig") or {})
        if "enabled" in request.properties:
            site.state = "Running" if request.properties["enabled"] else "Stopped"
        resource.properties["lastModifiedTimeUtc"] = time.strftime("%Y-%m-%dT%H:%M:%S.0000000", time.gmtime())
        self._sites.keep(resource, site)
        self._sites.apply(resource.id, site, always_restart=False)
        return ArmResponse(200, self._wire(resource))

    def _delete(self, request: ArmRequest) -> ArmResponse:
        """The plan goes with its last app, unless the request says no: so the service does it, too."""
        with self._store.lock:
            site = self._store.find(site_id(request))
            if site is None:
                return ArmResponse(204)
            self._store.remove(site.id)
            plan = self._store.find(site.properties["serverFarmId"])
            keep = request.query.get("deleteemptyserverfarm", "true").lower() == "false"
            if plan and not keep and not sites_on(self._store, plan.id):
                self._store.remove(plan.id)
        return ArmResponse(200)

    def _check_may_assign(self, request: ArmRequest) -> None:
        """Giving an app an identity takes a permission on the identity: else an app could borrow any roles."""
        identities = (request.body.get("identity") or {}).get("userAssignedIdentities") or {}
        action = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
        caller = request.caller
        for scope in identities:
            if caller and not self._assignments.allows(caller.object_id, action, scope):
                raise not_linked(caller, f"{SITE}/write", str(site_id(request)), action, scope)

    def _wire(self, resource: Resource) -> dict[str, Any]:
        site = self._sites.of(resource.id)
        wire = {**resource.wire(), "name": "/".join(resource.id.names)}
        wire["properties"] |= _shown(resource, site)
        if plan := self._store.find(resource.properties["serverFarmId"]):
            # az tells a Flex Consumption app from the others by this member.
            wire["properties"] |= {"sku": plan.extra["sku"]["tier"], "webSpace": plan.properties["webSpace"]}
        if identity := self._identity(site):
            wire["identity"] = identity
        return wire

    def _identity(self, site: Site) -> dict[str, Any] | None:
        kinds = ["SystemAssigned"] * bool(site.system_identity) + ["UserAssigned"] * bool(site.user_identities)
        if not kinds:
            return None
        identity: dict[str, Any] = {"type": ", ".join(kinds), "tenantId": self._tenant, "principalId": None}
        if site.system_identity:
            identity["principalId"] = site.system_identity.object_id
        if site.user_identities:
            pairs = site.user_identities.values()
            identity["userAssignedIdentities"] = {text: shown(principal) for text, principal in pairs}
        return identity


def _settable(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in _COMPUTED}


def _shown(resource: Resource, site: Site) -> dict[str, Any]:
    """The members that the service works out."""
    fx = {"name": "LinuxFxVersion", "value": site.config["linuxFxVersion"]}
    host = {"name": site.host_name, "sslState": "Disabled", "hostType": "Standard"}
    return {
        "name": "(".join(resource.id.names) + ")" * (len(resource.id.names) - 1),
        "state": site.state,
        "enabled": site.state == "Running",
        "adminEnabled": True,
        "availabilityState": "Normal",
        "usageState": "Normal",
        "hostNames": [site.host_name],
        "enabledHostNames": [site.host_name],
        "defaultHostName": site.host_name,
        "outboundIpAddresses": APPS,
        "possibleOutboundIpAddresses": APPS,
        "hostNameSslStates": [host],
        "repositorySiteName": resource.id.names[0],
        "resourceGroup": resource.id.group,
        "reserved": bool(resource.properties.get("reserved")) or "linux" in resource.extra["kind"],
        "httpsOnly": bool(resource.properties.get("httpsOnly")),
        "clientCertEnabled": bool(resource.properties.get("clientCertEnabled")),
        "siteConfig": excerpt(site.config),
        "siteProperties": {"metadata": None, "properties": [fx], "appSettings": None},
        "inProgressOperationId": None,
        "keyVaultReferenceIdentity": resource.properties.get("keyVaultReferenceIdentity") or "SystemAssigned",
    }


def site_id(request: ArmRequest) -> ResourceId:
    """The id of the site, or the slot, in the request's path."""
    if slot := request.values.get("slot"):
        return ResourceId(request.subscription, request.group, NAMESPACE, ("sites", "slots"), (request.name, slot))
    return _app_id(request)


def _app_id(request: ArmRequest) -> ResourceId:
    return ResourceId(request.subscription, request.group, NAMESPACE, ("sites",), (request.name,))


def with_slots(routes: Iterable[ArmRoute]) -> list[ArmRoute]:
    """The routes of a site, and the same ones for its slots."""
    both = ((route, replace(route, template=route.template.replace(ONE, SLOT, 1))) for route in routes)
    return [route for pair in both for route in pair]
