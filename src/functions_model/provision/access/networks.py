"""Network rules of what holds an app's data: whether they let the app in. Pure: no request is sent."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from functions_model.core.failures import Problem
from functions_model.provision.host import Wanted
from functions_model.provision.kinds import service_bus_namespace, storage_account
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.kinds.storage_account import account_in
from functions_model.provision.network import Network, Origin
from functions_model.provision.nouns import QueueData
from functions_model.provision.observed import Observed
from functions_model.provision.places import same_region


@dataclass(frozen=True, slots=True)
class _Place:
    """What holds data.

    Attributes:
        name: For people: "the storage account `x`".
        subject: The input that names it.
        network: Its rules.
        opening: The command that lets everybody in.
    """

    name: str
    subject: str
    network: Network
    opening: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Whether an app gets in; with both empty, it does.

    Attributes:
        shut: Why it does not, a clause.
        unsure: What would have to be known to tell, a clause.
    """

    shut: str = ""
    unsure: str = ""


def shut_out(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """Whose network rules keep the app out."""
    origin = wanted.host.origin(wanted, observed)
    judged = ((place, passage(place.network, origin).shut) for place in _places(wanted, observed))
    return tuple(
        Problem(
            f"the network rules of {place.name} keep the app out: {shut}",
            "Let its app join a virtual network (az functionapp vnet-integration add) whose subnet they let in. Or let "
            f"everybody in who has a right to it: `{place.opening}`.",
            place.subject,
        )
        for place, shut in judged
        if shut
    )


def unsure(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """Whose network rules do not tell whether they let the app in, clauses."""
    origin = wanted.host.origin(wanted, observed)
    judged = ((place, passage(place.network, origin).unsure) for place in _places(wanted, observed))
    return tuple(f"whether the network rules of {place.name} let the app in ({why})" for place, why in judged if why)


def _places(wanted: Wanted, observed: Observed) -> Iterator[_Place]:
    for name in wanted.storage_accounts:
        if (account := account_in(observed, name)) is not None:
            subject = wanted.resources.input_of_account(name)
            opening = (
                f"az storage account update --ids {account.id} --public-network-access Enabled --default-action Allow"
            )
            yield _Place(f"the {storage_account.KIND} `{name}`", subject, account.network, opening)
    if isinstance(wanted.data, QueueData) and (namespace := observed.of(ObservedNamespace)) is not None:
        name, group = wanted.data.namespace, wanted.group_of(service_bus_namespace.TYPE, wanted.data.namespace)
        opening = (
            f"az servicebus namespace network-rule-set update --namespace-name {name} "
            f"--resource-group {shlex.quote(group)} --public-network-access Enabled --default-action Allow"
        )
        yield _Place(f"the {service_bus_namespace.KIND} `{name}`", "service-bus-namespace", namespace.network, opening)


def passage(network: Network, origin: Origin) -> Passage:
    """Whether an app from there gets in, as far as rules tell."""
    if network.untold:
        return Passage(unsure=network.untold)
    if network.public and (network.open_to_all or (origin.subnet and origin.subnet in network.subnets)):
        return Passage()
    if why := _exception(network, origin):
        return Passage(unsure=why)
    if network.public and network.addresses and not _is_home(network, origin):
        return _by_address(network, origin)
    where = f"from the subnet `{origin.subnet}`" if origin.subnet else "from outside virtual networks, where the app is"
    return Passage(shut=f"they let in nobody {where}")


def _exception(network: Network, origin: Origin) -> str:
    """What may let the app in, whatever the other rules say; empty when nothing may."""
    if origin.behind:
        return origin.behind
    if network.has_endpoints and origin.subnet:
        return "it has a private endpoint, and the app may come by it"
    return "it has exceptions for resources of certain services" if network.public and network.has_others else ""


def _is_home(network: Network, origin: Origin) -> bool:
    return bool(network.own_region) and same_region(network.own_region) == same_region(origin.region)


def _by_address(network: Network, origin: Origin) -> Passage:
    """Traffic out of a subnet may take the address of a gateway, which nobody here knows."""
    if origin.subnet or origin.addresses is None:
        return Passage(unsure="it lets certain addresses in, and the app's are not known")
    inside = {address: any(_within(address, rule) for rule in network.addresses) for address in origin.addresses}
    if all(inside.values()):
        return Passage()
    if any(inside.values()):
        return Passage(unsure="it lets some of the app's addresses in, and not all")
    return Passage(shut="they let in none of the app's addresses")


def _within(address: str, rule: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(rule, strict=False)
    except ValueError:
        return False
