"""The registry that an image comes from: found by its host, in whatever subscription the login sees it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from functions_model.azure.clients import AzureClients
from functions_model.azure.refusing import read_or_refused
from functions_model.core.failures import PlanRefused, Problem
from functions_model.provision.access.registries import ask_for_reader, registries_of
from functions_model.provision.elsewhere import seen_subscriptions
from functions_model.provision.nouns import RegistryResource

_MOST_AT_ONCE = 8


def find_source(clients: AzureClients, host: str) -> RegistryResource | None:
    """The registry with that host; None for one that is none of the cloud's: anybody must be able to read it.

    Args:
        clients: Of any subscription, which is looked at first.
        host: As the image's reference has it.

    Raises:
        PlanRefused: It is one of the cloud's, and the login does not see it, or may not read it.
    """
    action = f"find the registry `{host}`"
    with read_or_refused(action, "image"):
        if found := _in(clients, host, action):
            return found
        others = [
            clients.of(one) for one in seen_subscriptions(clients) if one.lower() != clients.subscription_id.lower()
        ]
        with ThreadPoolExecutor(_MOST_AT_ONCE, "sources") as threads:
            found = next(filter(None, threads.map(lambda one: _in(one, host, action), others)), None)
    if found is None and clients.cloud.has_registry(host):
        where = f"any of its {len(others) + 1} subscriptions" if others else "its only subscription"
        what = f"this login sees no registry `{host}` in {where}"
        scope = f'"$(az acr show --name {host.partition(".")[0].partition("-")[0]} --query id --output tsv)"'
        remedy = f"AcrPull is not enough. {ask_for_reader(clients, scope)} For a registry of another tenant, give"
        raise PlanRefused(action, [Problem(what, f"{remedy} `image-username` and `image-password`.", "image")])
    return found


def _in(clients: AzureClients, host: str, action: str) -> RegistryResource | None:
    """A host tells the name of a registry in a known cloud; in another one, each registry is looked at."""
    label, suffix, _ = host.partition(clients.cloud.registry_suffix)
    found = registries_of(clients, label.partition("-")[0] if suffix else "", action)
    return next((one for one in found if one.login_server.lower() == host.lower()), None)
