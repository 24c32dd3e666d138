"""Microsoft.ContainerRegistry: registries, each with a real one behind it."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import ArmError, invalid
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.locations import location_name
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.operations import polling_url
from azure_sandbox.arm.routing import GROUP, LOGIN_ONLY, SUBSCRIPTION, ArmRoute
from azure_sandbox.arm.store import Resource
from azure_sandbox.contract import RegistryDefinition
from azure_sandbox.networks import NetworkRules

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.operations import Durations, Operations
    from azure_sandbox.arm.store import Store
    from azure_sandbox.contract import RegistryPlatform

NAMESPACE = "Microsoft.ContainerRegistry"
TYPE = f"{NAMESPACE}/registries"
ABAC = "AbacRepositoryPermissions"
_NAME = re.compile(r"[a-zA-Z0-9]{5,50}")
_DEFAULTS = {
    "adminUserEnabled": False,
    "anonymousPullEnabled": False,
    "publicNetworkAccess": "Enabled",
    "roleAssignmentMode": "LegacyRegistryPermissions",
    "policies": {"azureADAuthenticationAsArmPolicy": {"status": "enabled"}},
}
_COMPUTED = {"loginServer", "provisioningState", "creationDate"}


class RegistryResponses:
    """Rules and handlers.

    Args:
        store: Where resources are kept.
        platform: Brings registries to life.
        operations: Long-running ones.
        durations: How long they take.
    """

    def __init__(self, store: Store, platform: RegistryPlatform, operations: Operations, durations: Durations) -> None:
        self._store = store
        self._platform = platform
        self._operations = operations
        self._durations = durations
        self._passwords: dict[str, str] = {}
        store.on_remove(TYPE, lambda gone: platform.remove(str(gone.id)))

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        provider, kind = f"{SUBSCRIPTION}/providers/{NAMESPACE}", f"{GROUP}/providers/{TYPE}"
        one = f"{kind}/{{name}}"
        free = f"{NAMESPACE}/checkNameAvailability/read"
        polls = f"{provider}/locations/{{location}}/operationResults/{{operation}}"
        return [
            ArmRoute("POST", f"{provider}/checkNameAvailability", self._check_name, free),
            ArmRoute("GET", polls, self._operations.poll, LOGIN_ONLY),
            ArmRoute("GET", f"{SUBSCRIPTION}/providers/{TYPE}", self._list, lists=True),
            ArmRoute("GET", kind, self._list),
            ArmRoute("GET", one, self._get),
            ArmRoute("PUT", one, self._put),
            ArmRoute("PATCH", one, self._patch),
            ArmRoute("DELETE", one, self._delete),
            ArmRoute("POST", f"{one}/listCredentials", self._list_credentials),
        ]

    def create(self, resource_id: ResourceId, location: str, body: dict[str, Any]) -> Resource:
        """Make a registry and bring it to life."""
        properties = {**_DEFAULTS, **_settable(body), "provisioningState": "Succeeded"}
        properties["loginServer"] = self._platform.reserve(resource_id.name.lower())
        sku = (body.get("sku") or {}).get("name", "Basic")
        extra = {"sku": {"name": sku, "tier": sku}, "properties": properties}
        resource = self._store.put(Resource(resource_id, location, body.get("tags") or {}, extra))
        self._passwords[str(resource_id).lower()] = "r" + secrets.token_urlsafe(38)
        self._apply(resource)
        return resource

    def _apply(self, resource: Resource) -> None:
        key = str(resource.id).lower()
        admin = (resource.id.name, self._passwords[key]) if resource.properties["adminUserEnabled"] else None
        abac = resource.properties["roleAssignmentMode"] == ABAC
        server = resource.properties["loginServer"]
        policy = (resource.properties.get("policies") or {}).get("azureADAuthenticationAsArmPolicy") or {}
        arm_tokens = str(policy.get("status", "enabled")).lower() != "disabled"
        definition = RegistryDefinition(
            str(resource.id),
            resource.id.name,
            server,
            abac=abac,
            admin=admin,
            arm_tokens=arm_tokens,
            network=_network(resource.properties),
        )
        self._platform.apply(definition)

    def _check_name(self, request: ArmRequest) -> ArmResponse:
        name = str(request.body.get("name", ""))
        if not _NAME.fullmatch(name):
            message = f"The specified resource name {name} is invalid: 5 to 50 letters and digits."
            return ArmResponse(200, {"nameAvailable": False, "reason": "Invalid", "message": message})
        if self._known(name):
            message = f"The registry {name} is already in use."
            return ArmResponse(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
        return ArmResponse(200, {"nameAvailable": True})

    def _known(self, name: str) -> Resource | None:
        found = [one for one in self._store.list(resource_type=TYPE) if one.id.name.lower() == name.lower()]
        return found[0] if found else None

    def _list(self, request: ArmRequest) -> ArmResponse:
        found = self._store.list(resource_type=TYPE, within=request.within)
        return listing([one.wire() for one in found])

    def _get(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._store.get(_id(request)).wire())

    def _put(self, request: ArmRequest) -> ArmResponse:
        location = location_name(request.body.get("location"), TYPE)
        with self._store.lock:
            known = self._store.find(_id(request))
            if known:
                return self._change(known, request.body)
            self._check_new(request)
            resource = self.create(_id(request), location, request.body)
        return self._created(request, resource)

    def _check_new(self, request: ArmRequest) -> None:
        if not _NAME.fullmatch(request.name):
            raise invalid(f"The specified resource name {request.name} is invalid.", "InvalidResourceName")
        if self._known(request.name):
            message = f"The registry DNS name {request.name}.azurecr.io is already in use."
            raise ArmError(409, "AlreadyInUse", message)

    def _created(self, request: ArmRequest, resource: Resource) -> ArmResponse:
        if not self._durations.registry:
            return ArmResponse(201, resource.wire())
        resource.properties["provisioningState"] = "Creating"

        operation = self._operations.start(
            self._durations.registry,
            lambda: ArmResponse(200, {"status": "Succeeded"}),
            pending=lambda: ArmResponse(200, {"status": "Creating"}),
            finish=lambda: resource.properties.update(provisioningState="Succeeded"),
        )
        path = f"/subscriptions/{request.subscription}/providers/{NAMESPACE}/locations/{resource.location}"
        url = polling_url(request, f"{path}/operationResults", operation)
        return ArmResponse(201, resource.wire(), {"Azure-AsyncOperation": url})

    def _patch(self, request: ArmRequest) -> ArmResponse:
        return self._change(self._store.get(_id(request)), request.body)

    def _change(self, resource: Resource, body: dict[str, Any]) -> ArmResponse:
        resource.tags = body.get("tags", resource.tags)
        resource.properties.update(_settable(body))
        self._apply(resource)
        return ArmResponse(200, resource.wire())

    def _delete(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200 if self._store.remove(_id(request)) else 204)

    def _list_credentials(self, request: ArmRequest) -> ArmResponse:
        resource = self._store.get(_id(request))
        if not resource.properties["adminUserEnabled"]:
            message = f"Unable to get credentials of the registry '{request.name}': its admin user is disabled."
            raise invalid(message, "UnAuthorizedForCredentialOperations")
        password = self._passwords[str(resource.id).lower()]
        # The service has two, so that one can be renewed while the other is in use; nothing is renewed here.
        passwords = [{"name": name, "value": password} for name in ("password", "password2")]
        return ArmResponse(200, {"username": resource.id.name, "passwords": passwords})


def _settable(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (body.get("properties") or {}).items() if name not in _COMPUTED}


def _id(request: ArmRequest) -> ResourceId:
    return ResourceId(request.subscription, request.group, NAMESPACE, ("registries",), (request.name,))


def _network(properties: dict[str, Any]) -> NetworkRules:
    """Rules count with the size Premium alone; without them everybody is let in."""
    rules = properties.get("networkRuleSet") or {}
    return NetworkRules(
        public=str(properties.get("publicNetworkAccess") or "Enabled").lower() == "enabled",
        open_to_all=str(rules.get("defaultAction") or "Allow").lower() == "allow",
        addresses=tuple(str(rule["value"]) for rule in rules.get("ipRules") or ()),
    )
