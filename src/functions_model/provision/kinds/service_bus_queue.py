"""The queues of a Service Bus queue trigger: made when they are missing, otherwise left as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.core.failures import Problem
from functions_model.provision.changes import Action, Change, FieldChange, key_of, known_of
from functions_model.provision.host import Kind, Look, Wanted, Writing
from functions_model.provision.kinds import service_bus_namespace
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.nouns import QueueData
from functions_model.provision.observed import Observed, Piece

KIND = "Service Bus queue"
_LARGEST_MESSAGE = 102_400
"""KiB, in the tier Premium; the other tiers take 256 KiB.
https://learn.microsoft.com/azure/service-bus-messaging/service-bus-premium-messaging#large-messages-support."""


@dataclass(frozen=True, slots=True)
class ObservedQueue:
    """A live Service Bus queue.

    Attributes:
        requires_session: Messages must belong to sessions.
        forward_to: The queue or topic that its messages move on to; empty when they stay.
        status: `Active`, `Disabled`, `SendDisabled`, `ReceiveDisabled`.
    """

    requires_session: bool
    forward_to: str
    status: str


@dataclass(frozen=True, slots=True)
class ObservedQueues(Piece):
    """The Service Bus queues, of those wanted, that are there, by name."""

    by_name: Mapping[str, ObservedQueue] = field(default_factory=dict)


def arm_name(queue: str) -> str:
    """The queue's name in Resource Manager, where a slash would end it.

    https://github.com/Azure/azure-resource-manager-schemas/issues/230.
    """
    return queue.replace("/", "~")


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedQueues | None:  # noqa: ARG001
    """Those of the wanted queues that are there; none when the namespace is not."""
    data = wanted.data
    if not isinstance(data, QueueData):
        return None
    group = wanted.group_of(service_bus_namespace.TYPE, data.namespace)
    with ThreadPoolExecutor(max_workers=len(data.queues)) as threads:
        queues = list(threads.map(lambda name: _read(clients, group, data.namespace, name), data.queues))
    found = zip(data.queues, queues, strict=True)
    return ObservedQueues({name: queue for name, queue in found if queue is not None})


def _read(clients: AzureClients, group: str, namespace: str, name: str) -> ObservedQueue | None:
    try:
        queue = clients.service_bus.queues.get(
            resource_group_name=group, namespace_name=namespace, queue_name=arm_name(name)
        )
    except ResourceNotFoundError:
        return None
    return ObservedQueue(
        requires_session=bool(queue.requires_session),
        forward_to=str(queue.forward_to or ""),
        status=str(getattr(queue.status, "value", queue.status) or "Active"),
    )


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A queue that is there and cannot be received from, or sent to."""
    data = wanted.data
    if not isinstance(data, QueueData):
        return ()
    asked = (("input-queue-name", data.input_queue, "Receive"), ("output-queue-name", data.output_queue, "Send"))
    return tuple(
        Problem(f"the queue `{name}` {reason}", f"Set `{subject}` to another queue, or to a new name.", subject)
        for subject, name, verb in asked
        if name is not None and (queue := observed.all_of(ObservedQueues).by_name.get(name)) is not None
        for reason in _reasons(queue, verb, data)
    )


def _reasons(queue: ObservedQueue, verb: str, data: QueueData) -> Iterator[str]:
    """Why the queue will not do; `verb` is what the app would do with it, in the words of its status."""
    if queue.requires_session:
        yield "requires sessions, which the trigger and its output do not use"
    if queue.forward_to and verb == "Receive":
        yield f"forwards its messages to `{queue.forward_to}`, so that none can be received from it"
    if verb == "Send" and queue.forward_to.lower() == data.input_queue.lower():
        yield f"forwards its messages to `{queue.forward_to}`, so that each answer would trigger the function again"
    if queue.status in {"Disabled", f"{verb}Disabled"}:
        yield f"is disabled (its status is {queue.status})"


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create or keep each."""
    data = wanted.data
    return (
        () if not isinstance(data, QueueData) else tuple(_change(name, data, wanted, observed) for name in data.queues)
    )


def _change(name: str, data: QueueData, wanted: Wanted, observed: Observed) -> Change:
    resource_id = f"{wanted.id_of(service_bus_namespace.TYPE, data.namespace)}/queues/{arm_name(name)}"
    if name in observed.all_of(ObservedQueues).by_name:
        return Change(KIND, name, Action.KEEP, resource_id=resource_id)
    fields = [
        FieldChange("namespace", None, data.namespace),
        FieldChange("lock duration", None, "5 minutes"),
        FieldChange("deliveries before dead-lettering", None, "10"),
    ]
    if _is_premium(data, observed):
        fields.append(FieldChange("largest message", None, "100 MiB"))
    depends_on = (service_bus_namespace.key(data.namespace),)
    return Change(KIND, name, Action.CREATE, tuple(fields), "it does not exist", depends_on, resource_id)


def _is_premium(data: QueueData, observed: Observed) -> bool:
    namespace = observed.of(ObservedNamespace)
    sku = namespace.sku if namespace else data.sku
    return sku.lower() == service_bus_namespace.PREMIUM.lower()


def write(writing: Writing, observed: Observed) -> None:
    """Create it. A namespace that is busy (SubCode=40901) is waited for, as every conflict is."""
    data = writing.wanted.data
    if not isinstance(data, QueueData):
        message = "a queue needs a queue trigger"
        raise TypeError(message)
    writing.clients.service_bus.queues.create_or_update(
        resource_group_name=writing.wanted.group_of(service_bus_namespace.TYPE, data.namespace),
        namespace_name=data.namespace,
        queue_name=arm_name(writing.change.name),
        parameters=_body(data, observed),
    )


def _body(data: QueueData, observed: Observed) -> Any:
    """The longest lock there is: the host renews it, and a renewal that comes late costs a second scoring."""
    properties: dict[str, Any] = {
        "lockDuration": "PT5M",
        "maxDeliveryCount": 10,
        "deadLetteringOnMessageExpiration": False,
    }
    if _is_premium(data, observed):
        properties["maxMessageSizeInKilobytes"] = _LARGEST_MESSAGE
    return {"properties": properties}


def key(name: str) -> str:
    """What the app and the roles on the queue depend on."""
    return key_of(KIND, name)


def keys(wanted: Wanted) -> tuple[str, ...]:
    """What an app depends on: with keys, its settings hold one. Otherwise they need the namespace's address alone.

    A namespace takes 45 s, and an app that listens before its queue is there goes on trying.
    """
    data = wanted.data
    if not isinstance(data, QueueData):
        return ()
    if wanted.by_keys:
        return tuple(key(name) for name in data.queues)
    return (known_of(service_bus_namespace.key(data.namespace)),)


def scopes(data: QueueData) -> tuple[str, ...]:
    """What roles on the queues wait for."""
    return (service_bus_namespace.key(data.namespace), *(key(name) for name in data.queues))


SERVICE_BUS_QUEUE = Kind(
    KIND,
    difference,
    write,
    looks=(Look("Service Bus queues", (ObservedQueues,), observe),),
    problems=problems,
    awaits_checks=True,
)
