"""Microsoft.ServiceBus on the wire: the shared access rules of namespaces and queues, and their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import GROUP, ArmRoute
from azure_sandbox.arm.service_bus.namespaces import NAMESPACE, TYPE

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.service_bus.rules import NamedRule, Rules
    from azure_sandbox.arm.service_bus.state import ServiceBusNamespaces
    from azure_sandbox.arm.store import Store


class RuleResponses:
    """The handlers; each serves a namespace's rules and a queue's."""

    def __init__(self, store: Store, namespaces: ServiceBusNamespaces) -> None:
        self._store = store
        self._namespaces = namespaces

    def routes(self) -> list[ArmRoute]:
        """Where they answer. Paths are matched in any case: clients write `AuthorizationRules`, too."""
        namespace = f"{GROUP}/providers/{TYPE}/{{name}}"
        return [
            route
            for owner in (namespace, f"{namespace}/queues/{{queue}}")
            for route in self._routes_below(f"{owner}/authorizationRules")
        ]

    def _routes_below(self, rules: str) -> list[ArmRoute]:
        return [
            ArmRoute("GET", rules, self._list),
            ArmRoute("GET", f"{rules}/{{rule}}", self._get),
            ArmRoute("PUT", f"{rules}/{{rule}}", self._put),
            ArmRoute("DELETE", f"{rules}/{{rule}}", self._delete),
            ArmRoute("POST", f"{rules}/{{rule}}/listKeys", self._list_keys),
            ArmRoute("POST", f"{rules}/{{rule}}/regenerateKeys", self._regenerate),
        ]

    def _list(self, request: ArmRequest) -> ArmResponse:
        return listing([self._wire(request, rule) for rule in self._rules(request).all()])

    def _get(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._wire(request, self._rule(request)))

    def _put(self, request: ArmRequest) -> ArmResponse:
        made = self._rules(request).put(request.values["rule"], request.properties.get("rights"))
        return ArmResponse(200, self._wire(request, made))

    def _delete(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200 if self._rules(request).remove(request.values["rule"]) else 204)

    def _list_keys(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._keys(request, self._rule(request)))

    def _regenerate(self, request: ArmRequest) -> ArmResponse:
        wanted = request.body
        made = self._rules(request).regenerate(request.values["rule"], wanted.get("keyType"), wanted.get("key"))
        return ArmResponse(200, self._keys(request, made))

    def _rules(self, request: ArmRequest) -> Rules:
        self._store.get(namespace_id(request))
        return self._namespaces.rules(request.name, request.values.get("queue"))

    def _rule(self, request: ArmRequest) -> NamedRule:
        return self._rules(request).get(request.values["rule"])

    def _keys(self, request: ArmRequest, rule: NamedRule) -> dict[str, Any]:
        queue = request.values.get("queue")
        entity = self._namespaces.queue(request.name, queue).definition.name if queue else None
        return rule.keys(self._namespaces.endpoint(request.name), entity)

    def _wire(self, request: ArmRequest, rule: NamedRule) -> dict[str, Any]:
        namespace, queue = self._store.get(namespace_id(request)), request.values.get("queue")
        owner, kind = str(namespace.id), TYPE
        if queue:
            owner = f"{owner}/queues/{self._namespaces.queue(request.name, queue).definition.name}"
            kind = f"{TYPE}/queues"
        return {
            "id": f"{owner}/authorizationRules/{rule.name}",
            "name": rule.name,
            "type": f"{kind}/authorizationRules",
            "location": namespace.location,
            "properties": {"rights": rule.rights},
        }


def namespace_id(request: ArmRequest) -> ResourceId:
    """The id of the namespace in the path."""
    return ResourceId(request.subscription, request.group, NAMESPACE, ("namespaces",), (request.name,))
