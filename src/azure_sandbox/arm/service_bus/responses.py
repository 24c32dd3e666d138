"""Microsoft.ServiceBus on the wire: namespaces and queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import GROUP, SUBSCRIPTION, ArmRoute
from azure_sandbox.arm.service_bus.namespaces import NAMESPACE, TYPE
from azure_sandbox.arm.service_bus.rule_responses import RuleResponses, namespace_id

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.operations import Durations, Operations
    from azure_sandbox.arm.service_bus.queues import Queue
    from azure_sandbox.arm.service_bus.state import ServiceBusNamespaces
    from azure_sandbox.arm.store import Resource, Store


class ServiceBusResponses:
    """The handlers."""

    def __init__(
        self, store: Store, namespaces: ServiceBusNamespaces, operations: Operations, durations: Durations
    ) -> None:
        self._store = store
        self._namespaces = namespaces
        self._operations = operations
        self._durations = durations

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        provider, kind = f"{SUBSCRIPTION}/providers/{NAMESPACE}", f"{GROUP}/providers/{TYPE}"
        one = f"{kind}/{{name}}"
        queues = f"{one}/queues"
        return [
            ArmRoute("POST", f"{provider}/checkNameAvailability", self._check_name),
            ArmRoute("GET", f"{SUBSCRIPTION}/providers/{TYPE}", self._list, lists=True),
            ArmRoute("GET", kind, self._list),
            ArmRoute("GET", one, self._get),
            ArmRoute("PUT", one, self._put),
            ArmRoute("PATCH", one, self._patch),
            ArmRoute("DELETE", one, self._delete),
            ArmRoute("GET", queues, self._list_queues),
            ArmRoute("GET", f"{queues}/{{queue}}", self._get_queue),
            ArmRoute("PUT", f"{queues}/{{queue}}", self._put_queue),
            ArmRoute("DELETE", f"{queues}/{{queue}}", self._delete_queue),
            ArmRoute("GET", f"{one}/networkRuleSets", self._list_network),
            ArmRoute("GET", f"{one}/networkRuleSets/default", self._get_network),
            ArmRoute("PUT", f"{one}/networkRuleSets/default", self._put_network),
            *RuleResponses(self._store, self._namespaces).routes(),
        ]

    # Namespaces

    def _check_name(self, request: ArmRequest) -> ArmResponse:
        reason, message = self._namespaces.check_name(str(request.body.get("name", ""))) or ("None", "")
        return ArmResponse(200, {"nameAvailable": reason == "None", "reason": reason, "message": message})

    def _list(self, request: ArmRequest) -> ArmResponse:
        found = self._store.list(resource_type=TYPE, within=request.within)
        return listing([one.wire() for one in found])

    def _get(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._store.get(namespace_id(request)).wire())

    def _put(self, request: ArmRequest) -> ArmResponse:
        namespace, created = self._namespaces.put(namespace_id(request), request.body)
        if created:
            # No header to poll by: clients read `provisioningState` until it is Succeeded.
            self._operations.start(
                self._durations.service_bus,
                lambda: ArmResponse(200, namespace.wire()),
                finish=lambda: self._namespaces.finish(namespace),
            )
        return ArmResponse(200, namespace.wire())

    def _patch(self, request: ArmRequest) -> ArmResponse:
        known = self._store.get(namespace_id(request))
        return ArmResponse(200, self._namespaces.patch(known, request.body).wire())

    def _delete(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200 if self._store.remove(namespace_id(request)) else 204)

    # Networks

    def _list_network(self, request: ArmRequest) -> ArmResponse:
        return listing([self._network(request)])

    def _get_network(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._network(request))

    def _put_network(self, request: ArmRequest) -> ArmResponse:
        self._namespaces.put_network(self._store.get(namespace_id(request)), request.properties)
        return ArmResponse(200, self._network(request))

    def _network(self, request: ArmRequest) -> dict[str, Any]:
        namespace, kind = self._store.get(namespace_id(request)), "networkRuleSets"
        head = {"id": f"{namespace.id}/{kind}/default", "name": "default", "type": f"{TYPE}/{kind}"}
        return {**head, "location": namespace.location, "properties": self._namespaces.network(request.name)}

    # Queues

    def _list_queues(self, request: ArmRequest) -> ArmResponse:
        namespace = self._store.get(namespace_id(request))
        found = self._namespaces.queues(request.name)
        start, top = int(request.query.get("$skip", "0")), int(request.query.get("$top", "0") or 0)
        chosen = found[start : start + top] if top else found[start:]
        return listing([self._wire(namespace, queue) for queue in chosen])

    def _get_queue(self, request: ArmRequest) -> ArmResponse:
        namespace = self._store.get(namespace_id(request))
        return ArmResponse(200, self._wire(namespace, self._namespaces.queue(request.name, request.values["queue"])))

    def _put_queue(self, request: ArmRequest) -> ArmResponse:
        namespace = self._store.get(namespace_id(request))
        queue = self._namespaces.put_queue(namespace, request.values["queue"], request.properties)
        return ArmResponse(200, self._wire(namespace, queue))

    def _delete_queue(self, request: ArmRequest) -> ArmResponse:
        self._store.get(namespace_id(request))
        return ArmResponse(200 if self._namespaces.remove_queue(request.name, request.values["queue"]) else 204)

    def _wire(self, namespace: Resource, queue: Queue) -> dict[str, Any]:
        counts = self._namespaces.counts(namespace.id.name, queue)
        details = {
            "activeMessageCount": counts.active,
            "deadLetterMessageCount": counts.dead_lettered,
            "scheduledMessageCount": 0,
            "transferMessageCount": 0,
            "transferDeadLetterMessageCount": 0,
        }
        total = counts.active + counts.dead_lettered
        name = queue.definition.name
        return {
            "id": f"{namespace.id}/queues/{name}",
            "name": name,
            "type": f"{TYPE}/queues",
            "location": namespace.location,
            "properties": {**queue.shown, "countDetails": details, "messageCount": total, "sizeInBytes": 0},
        }
