"""What else is in the way where the registry cannot be had: so that a person hears of all of it in one run."""

from __future__ import annotations

from dataclasses import replace

from functions_model.azure.clients import AzureClients
from functions_model.core.failures import PlanRefused
from functions_model.core.spec import Access, DeploymentSpec, Mode
from functions_model.provision.access.rights import missing_rights
from functions_model.provision.host import Host, Wanted
from functions_model.provision.nouns import RegistryResource
from functions_model.provision.observing import observe
from functions_model.provision.planning import plan
from functions_model.provision.wanted import wanted_for


def with_the_rest(refused: PlanRefused, spec: DeploymentSpec, clients: AzureClients, host: Host) -> PlanRefused:
    """The refusal of a registry, with what would be refused besides.

    Args:
        refused: Raised by `find_registry`.
        spec: The deployment; its `target` is set.
        clients: Of the app's subscription. Where the login does not see that, nothing else can be looked at.
        host: Where the app runs.
    """
    unseen = any(problem.subject == "subscription-id" for problem in refused.problems)
    if spec.target is None or unseen or spec.target.access is Access.KEYS:
        # With keys, the settings of a live app could not be compared without the registry's.
        return refused
    wanted = without_registry(spec, clients.subscription_id, host)
    try:
        pending = plan(wanted, observe(clients, wanted))
        more = () if spec.mode is Mode.PLAN else missing_rights(pending, clients)
    except PlanRefused as rest:
        more = rest.problems
    return PlanRefused(refused.action, [*refused.problems, *more])


def without_registry(spec: DeploymentSpec, subscription: str, host: Host) -> Wanted:
    """What is wanted besides a role on the registry: nothing is said of one that nobody knows."""
    unknown = RegistryResource(f"/subscriptions/{subscription}/unknown", spec.image.registry)
    wanted = wanted_for(spec, f"{spec.image.registry}/{spec.image.repository}", unknown, host)
    return replace(wanted, roles=tuple(role for role in wanted.roles if role.scope != unknown.id))
