"""The Service Bus namespace: made when it is missing; one that is there is used as it is, whatever its tier.

Where the app has keys, one that we made without gets them switched on, and one of another make is refused.
"""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import explain
from functions_model.azure.finishing import finished
from functions_model.core.failures import Problem
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.host import Kind, Look, Wanted, Writing
from functions_model.provision.kinds import provider, resource_group
from functions_model.provision.kinds.generic import once_made
from functions_model.provision.network import OPEN, Network, allows, approved, is_public, perimeter
from functions_model.provision.nouns import NameQuestion, QueueData
from functions_model.provision.observed import Observed, Piece
from functions_model.provision.places import ObservedNames, not_there
from functions_model.provision.removable import Removal
from functions_model.provision.tags import is_ours

KIND = "Service Bus namespace"
TYPE = "Microsoft.ServiceBus/namespaces"
PREMIUM = "Premium"
_USABLE = {"", "active", "succeeded", "updating"}
_UNDER_WAY = {"activating", "created", "creating"}


@dataclass(frozen=True, slots=True)
class ObservedNamespace(Piece):
    """A live Service Bus namespace.

    Attributes:
        id: The ARM id.
        host: Its host name, with a port when that is not 443.
        sku: `Basic`, `Standard` or `Premium`.
        status: `Active`, `Activating`, `Disabled` and the like.
        takes_keys: Its access rules' keys open it.
        is_ours: This tool made it.
        location: Its region, as the service spells it; empty when it is not said.
        network: Who is let in.
    """

    id: str
    host: str
    sku: str
    status: str
    takes_keys: bool = True
    is_ours: bool = False
    location: str = ""
    network: Network = OPEN


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedNamespace | None:  # noqa: ARG001
    """The namespace of that name, in its group; one that is still being made is waited for."""
    if not isinstance(wanted.data, QueueData):
        return None
    name = wanted.data.namespace
    group = wanted.group_of(TYPE, name)
    return once_made(lambda: _read(clients, group, name), _is_made, f"the {KIND} `{name}`", clients)


def _is_made(namespace: ObservedNamespace) -> bool:
    return namespace.status.lower() not in _UNDER_WAY


def _read(clients: AzureClients, group: str, name: str) -> ObservedNamespace | None:
    try:
        namespace = _observed(clients.service_bus.namespaces.get(resource_group_name=group, namespace_name=name))
    except ResourceNotFoundError:
        return None
    # Only Premium has rules beyond the switch that the namespace itself tells:
    # https://learn.microsoft.com/azure/service-bus-messaging/network-security.
    if namespace.sku.lower() != PREMIUM.lower() or not namespace.network.public:
        return namespace
    return replace(namespace, network=_rules(clients, group, name, namespace.network))


def _rules(clients: AzureClients, group: str, name: str, network: Network) -> Network:
    """As long as there is no rule at all everybody is let in, whatever `defaultAction` says.

    Nobody needs to read them to deploy: a login that may not is no failure.
    https://learn.microsoft.com/azure/service-bus-messaging/service-bus-ip-filtering.
    """
    try:
        rules = clients.service_bus.namespaces.get_network_rule_set(resource_group_name=group, namespace_name=name)
    except HttpResponseError as exc:
        return replace(network, untold=explain(exc, f"read the network rules of `{name}`").reason)
    subnets = frozenset(str(rule.subnet.id).lower() for rule in rules.virtual_network_rules or () if rule.subnet)
    addresses = tuple(str(rule.ip_mask) for rule in rules.ip_rules or ())
    open_to_all = allows(rules.default_action) or not (subnets or addresses)
    return replace(network, open_to_all=open_to_all, subnets=subnets, addresses=addresses)


def _observed(namespace: Any) -> ObservedNamespace:
    sku = namespace.sku
    return ObservedNamespace(
        id=str(namespace.id),
        host=_host(str(namespace.service_bus_endpoint or "")),
        sku=_text(sku.name) if sku else "",
        status=_text(namespace.status or namespace.provisioning_state or ""),
        takes_keys=not namespace.disable_local_auth,
        is_ours=is_ours(namespace.tags),
        location=str(namespace.location or ""),
        network=Network(
            is_public(namespace.public_network_access),
            has_endpoints=approved(namespace.private_endpoint_connections),
            untold=perimeter(namespace.public_network_access),
        ),
    )


def _text(value: Any) -> str:
    return str(getattr(value, "value", value))


def _host(endpoint: str) -> str:
    """`iris.servicebus.windows.net` of `https://iris.servicebus.windows.net:443/`."""
    address = urlsplit(endpoint)
    host = address.hostname or ""
    return host if address.port in {None, 443} else f"{host}:{address.port}"


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A name that is taken, or a namespace that is not active."""
    namespace = observed.of(ObservedNamespace)
    data, subject = wanted.data, "service-bus-namespace"
    if not isinstance(data, QueueData):
        return ()
    if namespace is None:
        if wanted.is_in_other_group(TYPE, data.namespace):
            return (not_there(KIND, TYPE, data.namespace, wanted, subject),)
        refusal = observed.all_of(ObservedNames).refusal(TYPE, data.namespace)
        return (refusal.problem(KIND, data.namespace, subject),) if refusal else ()
    if namespace.status.lower() in _USABLE:
        needs_them = _lacks_keys(wanted, namespace) and not namespace.is_ours
        return (_keys_problem(data.namespace, namespace),) if needs_them else ()
    what = f"the Service Bus namespace `{data.namespace}` is not active, it is {namespace.status}"
    remedy = f"Wait until it is, or enable it, or set `{subject}` to another name."
    return (Problem(what, remedy, subject),)


def _lacks_keys(wanted: Wanted, namespace: ObservedNamespace) -> bool:
    return wanted.by_keys and not namespace.takes_keys


def _keys_problem(name: str, namespace: ObservedNamespace) -> Problem:
    what = f"the Service Bus namespace `{name}` has key access turned off, but `access: keys` needs it"
    remedy = (
        f"Switch them on: `az servicebus namespace update --ids {namespace.id} --disable-local-auth false`. Or choose "
        "`access: identity`."
    )
    return Problem(what, remedy, "access")


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create, update or keep."""
    namespace = observed.of(ObservedNamespace)
    data = wanted.data
    if not isinstance(data, QueueData):
        return ()
    resource_id = wanted.id_of(TYPE, data.namespace)
    if namespace is not None:
        if not _lacks_keys(wanted, namespace):
            return (Change(KIND, data.namespace, Action.KEEP, resource_id=resource_id),)
        change = (FieldChange("access by keys", "off", "on"),)
        reason = "`access: keys` needs it"
        return (Change(KIND, data.namespace, Action.UPDATE, change, reason, resource_id=resource_id),)
    fields = (
        FieldChange("tier", None, data.sku),
        FieldChange("minimum TLS version", None, "1.2"),
        FieldChange("access by keys", None, "on" if wanted.by_keys else "off"),
        FieldChange("location", None, wanted.target.location),
    )
    depends_on = (resource_group.key(wanted), *provider.keys(provider.SERVICE_BUS))
    return (Change(KIND, data.namespace, Action.CREATE, fields, "it does not exist", depends_on, resource_id),)


def write(writing: Writing, observed: Observed) -> ObservedNamespace:  # noqa: ARG001
    """Create it and wait until it is there (about 45 s), or switch its keys on. Its first answer tells the address.

    As with storage accounts, a create that was answered 429 or 503 may have been done all the same, and its retry met
    409: then the namespace is in our own group.
    """
    data = writing.wanted.data
    if not isinstance(data, QueueData):
        message = "a namespace needs a queue trigger"
        raise TypeError(message)
    where = {"resource_group_name": writing.wanted.names.group, "namespace_name": data.namespace}
    if writing.change.action is Action.UPDATE:
        return _switch_keys_on(writing, data.namespace)
    try:
        poller = writing.clients.service_bus.namespaces.begin_create_or_update(
            **where, parameters=_body(writing.wanted, data), raw_response_hook=partial(_know, writing)
        )
        return _observed(finished(poller))
    except ResourceExistsError as exc:
        if explain(exc, "create it").passes:
            raise
        if (ours := _read(writing.clients, writing.wanted.names.group, data.namespace)) is None:
            raise
        return ours


def _know(writing: Writing, answer: Any) -> None:
    """Tell the address, if an answer has it: a service that leaves it out at first is waited for."""
    from azure.mgmt.servicebus.models import SBNamespace

    # Each poll comes by here, too, and what is no namespace is for the poller to refuse.
    with suppress(ValueError, TypeError, AttributeError):
        namespace = _observed(SBNamespace(json.loads(answer.http_response.read())))
        if namespace.host:
            writing.know(namespace)


def _switch_keys_on(writing: Writing, name: str) -> ObservedNamespace:
    group = writing.wanted.group_of(TYPE, name)
    body: Any = {"properties": {"disableLocalAuth": False}}
    return _observed(
        writing.clients.service_bus.namespaces.update(resource_group_name=group, namespace_name=name, parameters=body)
    )


def _body(wanted: Wanted, data: QueueData) -> Any:
    """Premium is bought in messaging units, of which one is the least."""
    sku: dict[str, Any] = {"name": data.sku, "tier": data.sku}
    if data.sku == PREMIUM:
        sku["capacity"] = 1
    return {
        "location": wanted.target.location,
        "tags": dict(wanted.tags),
        "sku": sku,
        "properties": {"minimumTlsVersion": "1.2", "disableLocalAuth": not wanted.by_keys},
    }


def key(name: str) -> str:
    """What queues depend on."""
    return key_of(KIND, name)


def notes(wanted: Wanted, observed: Observed) -> Iterator[str]:
    """A size that was asked for, of a namespace that has another: `service-bus-sku` says how a new one is made."""
    given, data, there = "service-bus-sku", wanted.data, observed.of(ObservedNamespace)
    if isinstance(data, QueueData) and there is not None and given in wanted.target.given and data.sku != there.sku:
        what = f"the {KIND} `{data.namespace}` is there, of the size `{there.sku}`"
        yield f"`{given}` is `{data.sku}`, and {what}, which it keeps. Leave `{given}` out."


def unique_names(clients: AzureClients, wanted: Wanted, seen: Observed) -> Iterator[NameQuestion]:
    """Its own, where it is not there."""
    data, there = wanted.data, seen.of(ObservedNamespace)
    if isinstance(data, QueueData) and there is None and not wanted.is_in_other_group(TYPE, data.namespace):
        namespaces, body = clients.service_bus.namespaces, {"name": data.namespace}
        yield NameQuestion(KIND, TYPE, data.namespace, partial(namespaces.check_name_availability, parameters=body))


SERVICE_BUS_NAMESPACE = Kind(
    KIND,
    difference,
    write,
    looks=(Look(KIND, (ObservedNamespace,), observe),),
    problems=problems,
    notes=notes,
    type=TYPE,
    named_by={"service-bus-namespace": lambda names: names.service_bus_namespace},
    unique_names=unique_names,
    awaits_checks=True,
    removal=Removal(
        4,
        lambda clients, group, name: clients.service_bus.namespaces.get(group, name),
        lambda it: finished(it.clients.service_bus.namespaces.begin_delete(it.group, it.name)),
        holds_data=True,
        used_by_roles=True,
    ),
    body=lambda wanted, _: _body(wanted, wanted.data) if isinstance(wanted.data, QueueData) else {},
)
