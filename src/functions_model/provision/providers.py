"""Which resource providers something new will need."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from functions_model.provision.host import Look, Wanted
from functions_model.provision.kinds import provider
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.kinds.log_analytics_workspace import ObservedInsights
from functions_model.provision.kinds.provider import ObservedProviders
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.kinds.storage_account import ObservedAccounts, account_in
from functions_model.provision.nouns import QueueData
from functions_model.provision.observed import LiveApp

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.provision.observed import Observed


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedProviders:
    """Those that are not registered, of those that something new needs, and their regions. Nothing new, none."""
    component = seen.of(ObservedInsights)
    needed = tuple(
        namespace
        for namespace, is_there in (
            (provider.IDENTITY, seen.of(ObservedIdentity) or wanted.by_keys),
            (provider.STORAGE, all(account_in(seen, name) for name in wanted.storage_accounts)),
            (provider.SERVICE_BUS, seen.of(ObservedNamespace) or not isinstance(wanted.data, QueueData)),
            (wanted.host.type.partition("/")[0], wanted.host.is_there(seen)),
            (provider.INSIGHTS, component or wanted.insights is None),
            (provider.OPERATIONAL_INSIGHTS, component or wanted.insights is None),
        )
        if not is_there
    )
    with ThreadPoolExecutor(max_workers=4) as threads:
        found = list(threads.map(lambda namespace: provider.read(clients, namespace), needed))
    unregistered = (name for name, one in zip(needed, found, strict=True) if not provider.is_registered(one))
    regions = (region for one in found for region in provider.regions_of(one))
    return ObservedProviders(tuple(unregistered), frozenset(regions))


PROVIDERS = Look(
    "resource providers",
    (ObservedProviders,),
    observe,
    needs=(ObservedIdentity, ObservedAccounts, ObservedNamespace, LiveApp, ObservedInsights),
)
