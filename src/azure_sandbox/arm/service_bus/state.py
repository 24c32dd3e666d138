"""Service Bus namespaces, their queues and access rules, and the broker that makes them real."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import parent_not_found
from azure_sandbox.arm.networks import connect, subnet_of
from azure_sandbox.arm.service_bus.errors import bad_entity, bad_namespace, entity_not_found, operation_in_progress
from azure_sandbox.arm.service_bus.namespaces import TYPE, change_namespace, name_is_valid, new_namespace, utc_now
from azure_sandbox.arm.service_bus.network import network_rules, read_network
from azure_sandbox.arm.service_bus.queues import Queue, read_queue
from azure_sandbox.arm.service_bus.rules import RIGHTS, ROOT_RULE, Rules
from azure_sandbox.networks import NamespaceDoor

if TYPE_CHECKING:
    from azure_sandbox.arm.ids import ResourceId
    from azure_sandbox.arm.store import Resource, Store
    from azure_sandbox.contract import AccessRule, QueueCounts, ServiceBusEmulator

_FIXED = ("enablePartitioning", "requiresSession", "requiresDuplicateDetection")
"""What a queue keeps for ever."""


@dataclass(slots=True)
class _Namespace:
    """What ARM does not show of a namespace."""

    authority: str = ""
    rules: Rules = field(default_factory=Rules)
    queues: dict[str, Queue] = field(default_factory=dict)
    network: dict[str, Any] = field(default_factory=lambda: read_network({}, "Premium"))
    private_networks: set[str] = field(default_factory=set)


class ServiceBusNamespaces:
    """All namespaces. Implements `contract.ServiceBusAccess`.

    Args:
        store: Where resources are kept.
        emulator: Brings a namespace to life.
    """

    def __init__(self, store: Store, emulator: ServiceBusEmulator) -> None:
        self._store = store
        self._emulator = emulator
        self._known: dict[str, _Namespace] = {}
        self._taken: set[str] = set()
        self._lock = threading.Lock()
        # One change at a time. Not the same lock: while a change waits for the broker, the broker asks for rules.
        self._changing = threading.Lock()
        store.on_remove(TYPE, self._gone)

    # Namespaces

    def take_name(self, name: str) -> None:
        """Let somebody else in the world own that namespace name."""
        self._taken.add(name.lower())

    def find(self, name: str) -> Resource | None:
        """The namespace with that name, in whatever group."""
        named = (one for one in self._store.list(resource_type=TYPE) if one.id.name.lower() == name.lower())
        return next(named, None)

    def check_name(self, name: str) -> tuple[str, str] | None:
        """Why a name cannot be had: reason and message; None when it can."""
        if not name_is_valid(name):
            return "InvalidName", "The specified service namespace is invalid."
        if name.lower() in self._taken or self.find(name):
            return "NameInUse", "The specified name is not available."
        return None

    def put(self, resource_id: ResourceId, body: dict[str, Any]) -> tuple[Resource, bool]:
        """Create or update; the second value says which. A new one is `Created` until `finish`.

        Raises:
            ArmError: The name, location or SKU does not do, or the name is taken.
        """
        with self._changing:
            known = self._store.find(resource_id)
            if known:
                return change_namespace(known, body), False
            wanted = new_namespace(resource_id, body)
            if self.check_name(resource_id.name):
                message = (
                    "The specified name is not available. For more information visit https://aka.ms/sbarmexceptions."
                )
                raise bad_namespace(message)
            self._bring_to_life(wanted)
            return self._store.put(wanted), True

    def _bring_to_life(self, wanted: Resource) -> None:
        made = _Namespace(self._emulator.create_namespace(wanted.id.name))
        made.rules.put(ROOT_RULE, list(RIGHTS))
        with self._lock:
            self._known[wanted.id.name.lower()] = made
        # Azure shows the port, too: `https://contoso.servicebus.windows.net:443/`.
        wanted.properties["serviceBusEndpoint"] = f"https://{made.authority}/"

    def finish(self, resource: Resource) -> None:
        """The namespace is ready."""
        resource.properties.update(provisioningState="Succeeded", status="Active", updatedAt=utc_now())

    def patch(self, resource: Resource, body: dict[str, Any]) -> Resource:
        """Merge tags, SKU and properties.

        Raises:
            ArmError: The SKU does not do.
        """
        return change_namespace(resource, body)

    def endpoint(self, namespace: str) -> str:
        """`sb://localhost:PORT/`, for connection strings."""
        return f"sb://{self._details(namespace).authority}/"

    # Queues

    def put_queue(self, namespace: Resource, name: str, properties: dict[str, Any]) -> Queue:
        """Create a queue, or replace its properties and keep its messages.

        Raises:
            ArmError: The namespace is not active, or a value does not do.
        """
        if namespace.properties["status"] != "Active":
            raise operation_in_progress()
        with self._changing:
            queues = self._details(namespace.id.name).queues
            known = queues.get(name.lower())
            spelled = known.definition.name if known else name
            definition, shown = read_queue(spelled, properties, namespace.extra["sku"]["tier"])
            _check_fixed(known, shown)
            created = known.shown["createdAt"] if known else utc_now()
            shown |= {"createdAt": created, "updatedAt": utc_now(), "accessedAt": "0001-01-01T00:00:00Z"}
            self._emulator.put_queue(namespace.id.name, definition)
            made = Queue(definition, shown, known.rules if known else Rules())
            with self._lock:
                queues[name.lower()] = made
            return made

    def queue(self, namespace: str, name: str) -> Queue:
        """The queue with that name.

        Raises:
            ArmError: There is none.
        """
        found = self._details(namespace).queues.get(name.lower())
        if found is None:
            raise entity_not_found(name)
        return found

    def queues(self, namespace: str) -> list[Queue]:
        """In the order in which they were made."""
        known = self._details(namespace)
        with self._lock:
            return list(known.queues.values())

    def remove_queue(self, namespace: str, name: str) -> bool:
        """Forget it with its messages; False when it was not there."""
        known = self._details(namespace)
        with self._changing:
            with self._lock:
                gone = known.queues.pop(name.lower(), None)
            if gone:
                self._emulator.remove_queue(namespace, gone.definition.name)
        return gone is not None

    def counts(self, namespace: str, queue: Queue) -> QueueCounts:
        """How many messages it holds now."""
        return self._emulator.counts(namespace, queue.definition.name)

    # Rules

    def rules(self, namespace: str, queue: str | None) -> Rules:
        """The rules of a queue or, with None, of the namespace.

        Raises:
            ArmError: There is no such queue.
        """
        return self.queue(namespace, queue).rules if queue else self._details(namespace).rules

    def rule(self, namespace: str, queue: str | None, name: str) -> AccessRule | None:
        """The rule with that name, as the broker asks."""
        with self._lock:
            known = self._known.get(namespace.lower())
            if known is None:
                return None
            place = known.queues.get(queue.lower()) if queue else None
            rules = place.rules if place else (None if queue else known.rules)
            found = rules.find(name) if rules else None
            return found.rule if found else None

    def door(self, namespace: str) -> NamespaceDoor:
        """Whom the namespace lets in at all, as the broker asks."""
        resource = self.find(namespace)
        if resource is None:
            return NamespaceDoor()
        details = self._details(namespace)
        rules = network_rules(resource, details.network, frozenset(details.private_networks))
        return NamespaceDoor(takes_keys=not resource.properties["disableLocalAuth"], network=rules)

    def subnet_of(self, app: str) -> str:
        """The subnet that an app has joined, as the broker asks."""
        return subnet_of(self._store, app)

    def connect(self, namespace: str, network: str) -> None:
        """Lead a private endpoint in a virtual network to a namespace: how tests set a scene.

        Raises:
            LookupError: There is no such namespace.
        """
        found = self.find(namespace)
        if found is None:
            raise LookupError(namespace)
        self._details(namespace).private_networks.add(network.lower())
        connect(found, network)

    def network(self, namespace: str) -> dict[str, Any]:
        """The properties of its network rule set, to read."""
        return dict(self._details(namespace).network)

    def put_network(self, namespace: Resource, properties: dict[str, Any]) -> dict[str, Any]:
        """Replace its network rule set.

        Raises:
            ArmError: Its tier has none, or a rule does not do.
        """
        details = self._details(namespace.id.name)
        details.network = read_network(properties, namespace.extra["sku"]["tier"])
        namespace.properties["publicNetworkAccess"] = details.network["publicNetworkAccess"]
        return dict(details.network)

    def queue_id(self, namespace: str, queue: str) -> str | None:
        """The queue's ARM id; None when there is no such queue."""
        resource = self.find(namespace)
        with self._lock:
            known = self._known.get(namespace.lower())
            found = known.queues.get(queue.lower()) if known else None
        return f"{resource.id}/queues/{found.definition.name}" if found and resource else None

    def _details(self, namespace: str) -> _Namespace:
        with self._lock:
            found = self._known.get(namespace.lower())
        if found is None:
            raise parent_not_found(namespace)
        return found

    def _gone(self, resource: Resource) -> None:
        with self._lock:
            self._known.pop(resource.id.name.lower(), None)
        self._emulator.remove_namespace(resource.id.name)


def _check_fixed(known: Queue | None, shown: dict[str, Any]) -> None:
    changed = [name for name in _FIXED if known and known.shown[name] != shown[name]]
    if changed:
        message = f"The value of {', '.join(changed)} of an existing queue cannot be changed."
        raise bad_entity(message)
