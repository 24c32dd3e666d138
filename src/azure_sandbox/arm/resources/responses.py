"""Microsoft.Resources on the wire: tenants, subscriptions, resource groups, providers, the list of all resources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import invalid
from azure_sandbox.arm.locations import LOCATIONS
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.operations import polling_url
from azure_sandbox.arm.resources.state import NAMESPACES
from azure_sandbox.arm.routing import GROUP, LOGIN_ONLY, SUBSCRIPTION, ArmRoute

if TYPE_CHECKING:
    from azure_sandbox.arm.authorization.state import RoleAssignments
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.operations import Durations, Operations
    from azure_sandbox.arm.store import Resource, Store
    from azure_sandbox.arm.subscriptions import Subscription, Subscriptions

_GROUP_ACTION = "Microsoft.Resources/subscriptions/resourceGroups"
_TERM = re.compile(r"(\w+)\s+eq\s+'([^']*)'", re.IGNORECASE)


class ResourcesResponses:
    """The handlers."""

    def __init__(
        self,
        store: Store,
        subscriptions: Subscriptions,
        assignments: RoleAssignments,
        operations: Operations,
        *,
        durations: Durations,
        tenant: str,
    ) -> None:
        self._store = store
        self._subscriptions = subscriptions
        self._assignments = assignments
        self._operations = operations
        self._durations = durations
        self._tenant = tenant

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        reading = f"{_GROUP_ACTION}/read"
        return [
            ArmRoute("GET", "/tenants", self._tenants, LOGIN_ONLY),
            ArmRoute("GET", "/subscriptions", self._list_subscriptions, LOGIN_ONLY),
            ArmRoute("GET", SUBSCRIPTION, self._get_subscription, "Microsoft.Resources/subscriptions/read"),
            ArmRoute("GET", f"{SUBSCRIPTION}/locations", self._locations, "Microsoft.Resources/subscriptions/read"),
            ArmRoute("GET", f"{SUBSCRIPTION}/resourceGroups", self._list_groups, reading, lists=True),
            ArmRoute("HEAD", GROUP, self._head_group, reading),
            ArmRoute("GET", GROUP, self._get_group, reading),
            ArmRoute("PUT", GROUP, self._put_group, f"{_GROUP_ACTION}/write"),
            ArmRoute("PATCH", GROUP, self._patch_group, f"{_GROUP_ACTION}/write"),
            ArmRoute("DELETE", GROUP, self._delete_group, f"{_GROUP_ACTION}/delete"),
            ArmRoute("GET", f"{SUBSCRIPTION}/operationresults/{{operation}}", self._operations.poll, LOGIN_ONLY),
            ArmRoute(
                "GET",
                f"{SUBSCRIPTION}/resources",
                self._list,
                "Microsoft.Resources/subscriptions/resources/read",
                lists=True,
            ),
            ArmRoute("GET", f"{GROUP}/resources", self._list, f"{_GROUP_ACTION}/resources/read"),
            ArmRoute("GET", f"{SUBSCRIPTION}/providers", self._list_providers, "Microsoft.Resources/providers/read"),
            ArmRoute(
                "GET", f"{SUBSCRIPTION}/providers/{{namespace}}", self._provider, "Microsoft.Resources/providers/read"
            ),
            ArmRoute(
                "POST",
                f"{SUBSCRIPTION}/providers/{{namespace}}/register",
                self._register,
                "Microsoft.Resources/subscriptions/providers/register/action",
            ),
        ]

    # Tenants and subscriptions

    def _tenants(self, _: ArmRequest) -> ArmResponse:
        tenant = {
            "id": f"/tenants/{self._tenant}",
            "tenantId": self._tenant,
            "displayName": "Sandbox",
            "defaultDomain": "sandbox.example",
            "tenantCategory": "Home",
        }
        return listing([tenant])

    def _list_subscriptions(self, request: ArmRequest) -> ArmResponse:
        """Those in which the caller holds a role, be it at one resource."""
        caller = request.caller.object_id if request.caller else ""
        seen = (
            one for one in self._subscriptions if self._assignments.holds_any_below(caller, f"/subscriptions/{one.id}")
        )
        return listing([_shown(one) for one in seen])

    def _get_subscription(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, _shown(self._in(request)))

    def _in(self, request: ArmRequest) -> Subscription:
        return self._subscriptions.get(request.subscription)

    def _locations(self, request: ArmRequest) -> ArmResponse:
        values = [
            {
                "id": f"/subscriptions/{request.subscription}/locations/{name}",
                "name": name,
                "type": "Region",
                "displayName": shown,
                "regionalDisplayName": shown,
                "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
            }
            for name, shown in LOCATIONS.items()
        ]
        return listing(values)

    # Groups

    def _list_groups(self, request: ArmRequest) -> ArmResponse:
        return listing([group.wire() for group in self._in(request).groups.list()])

    def _head_group(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(204 if self._in(request).groups.exists(request.group) else 404)

    def _get_group(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._in(request).groups.get(request.group).wire())

    def _put_group(self, request: ArmRequest) -> ArmResponse:
        body = request.body
        group, created = self._in(request).groups.put(request.group, body.get("location"), body.get("tags") or {})
        return ArmResponse(201 if created else 200, group.wire())

    def _patch_group(self, request: ArmRequest) -> ArmResponse:
        known = self._in(request).groups.get(request.group)
        return ArmResponse(
            200, self._in(request).groups.change_tags(request.group, request.body.get("tags", known.tags)).wire()
        )

    def _delete_group(self, request: ArmRequest) -> ArmResponse:
        groups = self._in(request).groups
        group = groups.get(request.group)
        groups.deleting(group.name)
        self._store.remove_group(group.id)
        self._assignments.remove_below(group.id)
        operation = self._operations.start(
            self._durations.group_delete,
            lambda: ArmResponse(200),
            finish=lambda: groups.remove(group.name),
        )
        url = polling_url(request, f"/subscriptions/{request.subscription}/operationresults", operation)
        return ArmResponse(202, headers=self._operations.headers(operation, url))

    # Resources

    def _list(self, request: ArmRequest) -> ArmResponse:
        found = self._store.list(within=request.within)
        expression = request.query.get("$filter", "")
        terms = [term.strip() for term in re.split(r"\s+and\s+", expression, flags=re.IGNORECASE) if term.strip()]
        tag = dict(_parse(term) for term in terms).get("tagname", "")
        for name, value in map(_parse, terms):
            found = [one for one in found if _has(one, name, value, tag)]
        top = int(request.query.get("$top", "0") or 0)
        return listing([_short(one) for one in (found[:top] if top else found)])

    # Providers

    def _list_providers(self, request: ArmRequest) -> ArmResponse:
        return listing([_describe(name, self._in(request)) for name in NAMESPACES])

    def _provider(self, request: ArmRequest) -> ArmResponse:
        namespace = self._in(request).providers.spelled(request.values["namespace"])
        return ArmResponse(200, _describe(namespace, self._in(request)))

    def _register(self, request: ArmRequest) -> ArmResponse:
        providers = self._in(request).providers
        namespace = providers.spelled(request.values["namespace"])
        providers.register(namespace)
        return ArmResponse(200, _describe(namespace, self._in(request)))


def _shown(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant,
        "displayName": subscription.display_name,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _describe(namespace: str, subscription: Subscription) -> dict[str, Any]:
    kinds = [
        {"resourceType": kind, "locations": list(LOCATIONS.values()), "apiVersions": [], "capabilities": "None"}
        for kind in NAMESPACES[namespace]
    ]
    return {
        "id": f"/subscriptions/{subscription.id}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": subscription.providers.state(namespace),
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": kinds,
    }


def _parse(term: str) -> tuple[str, str]:
    found = _TERM.fullmatch(term)
    if not found or found[1].lower() not in {
        "resourcetype",
        "name",
        "resourcegroup",
        "location",
        "tagname",
        "tagvalue",
    }:
        raise invalid(f"Invalid $filter '{term}' specified in the query string.", "InvalidFilterInQueryString")
    return found[1].lower(), found[2]


def _has(resource: Resource, name: str, value: str, tag: str) -> bool:
    actual = {
        "resourcetype": resource.id.resource_type,
        "name": resource.id.names[-1],
        "resourcegroup": resource.id.group,
        "location": resource.location.replace(" ", ""),
    }
    if name == "tagname":
        return value.lower() in {known.lower() for known in resource.tags}
    if name == "tagvalue":
        return {known.lower(): text for known, text in resource.tags.items()}.get(tag.lower()) == value
    return actual[name].lower() == value.lower()


def _short(resource: Resource) -> dict[str, Any]:
    """The list shows no properties."""
    wire = resource.wire()
    return {name: value for name, value in wire.items() if name != "properties"}


def metadata(origin: str, registries: str) -> dict[str, Any]:
    """`GET /metadata/endpoints`: what `az cloud register` and other clients discover a cloud from.

    Args:
        origin: As the client calls Resource Manager.
        registries: What login servers end in, however a client calls Resource Manager.
    """
    return {
        "name": "FunctionsModelSandbox",
        "portal": origin,
        "resourceManager": f"{origin}/",
        "authentication": {
            "loginEndpoint": origin,
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "graphAudience": "https://graph.windows.net/",
        "graph": "https://graph.windows.net/",
        "microsoftGraphResourceId": f"{origin}/graph/",
        "gallery": origin,
        "media": "https://rest.media.azure.net",
        "batch": "https://batch.core.windows.net/",
        "sqlManagement": origin,
        "vmImageAliasDoc": f"{origin}/aliases.json",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "suffixes": {
            "storage": "core.windows.net",
            # What the login servers of this cloud end in, as in every other: here they differ in their ports alone.
            # Azure/azure-cli, core/cloud.py:297, and command_modules/acr/_docker_utils.py:577, which checks it.
            "acrLoginServer": registries,
            "keyVaultDns": "vault.azure.net",
            "sqlServerHostname": "database.windows.net",
            "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
        },
    }
