"""Resource providers: a subscription must be registered with each before its first resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import HttpResponseError

from functions_model.azure.clients import AzureClients
from functions_model.core.failures import Problem
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.context import Patience
from functions_model.provision.host import Kind, Wanted, Writing
from functions_model.provision.observed import Observed, Piece
from functions_model.provision.places import no_such_region, same_region

KIND = "resource provider"
STORAGE = "Microsoft.Storage"
IDENTITY = "Microsoft.ManagedIdentity"
SERVICE_BUS = "Microsoft.ServiceBus"
INSIGHTS = "Microsoft.Insights"
OPERATIONAL_INSIGHTS = "Microsoft.OperationalInsights"


@dataclass(frozen=True, slots=True)
class ObservedProviders(Piece):
    """Resource providers, of those that will be needed.

    Attributes:
        unregistered: Those that are not registered in the subscription.
        regions: Where one of them makes something, as `same_region` spells it; empty when that is not known.
        unread: Those that this login may not read.
    """

    unregistered: tuple[str, ...] = ()
    regions: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()


def read(clients: AzureClients, namespace: str) -> Any:
    """The provider; None when a login whose rights end at the group may not read it. The write will tell."""
    try:
        return clients.resource.providers.get(resource_provider_namespace=namespace)
    except HttpResponseError as exc:
        if exc.status_code == 403:
            return None
        raise


def is_registered(provider: Any) -> bool:
    """Whether it is; one that may not be read could not be registered either."""
    return provider is None or str(provider.registration_state).lower() == "registered"


def regions_of(provider: Any) -> Iterator[str]:
    """Where one of its types can be made, whether it is registered or not."""
    for kind in (provider and provider.resource_types) or ():
        yield from map(same_region, kind.locations or ())


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A region that there is none of. A provider itself can always be asked for."""
    unknown = no_such_region(wanted.target.location, observed.all_of(ObservedProviders).regions)
    return (unknown,) if unknown else ()


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """One change for each that is not registered."""
    return tuple(
        Change(
            KIND,
            namespace,
            Action.UPDATE,
            (FieldChange("registration", "NotRegistered", "Registered"),),
            "the subscription is not registered with it",
            resource_id=f"/subscriptions/{wanted.names.subscription}/providers/{namespace}",
        )
        for namespace in observed.all_of(ObservedProviders).unregistered
    )


def write(writing: Writing, observed: Observed) -> None:  # noqa: ARG001
    """Register, and wait until it is so."""
    register(writing.clients, writing.change.name, writing.patience)


def register(clients: AzureClients, namespace: str, patience: Patience) -> None:
    """Register one, and wait until it is so.

    Raises:
        TimeoutError: The patience came to an end before.
        AzureError: The login may not.
    """
    clients.resource.providers.register(resource_provider_namespace=namespace)
    patience.until(lambda: is_registered(read(clients, namespace)), f"the registration of {namespace}")


def keys(*namespaces: str) -> tuple[str, ...]:
    """What a resource of those namespaces depends on."""
    return tuple(key_of(KIND, namespace) for namespace in namespaces)


PROVIDER = Kind(KIND, difference, write, problems=problems)
"""Its look is `observing.look_at_providers`: it needs to know of all else."""
