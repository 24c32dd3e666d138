"""The difference between what is wanted and what is there. Pure: no request is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from functions_model.core.failures import PlanRefused, Problem
from functions_model.provision import tagging
from functions_model.provision.access.networks import shut_out
from functions_model.provision.changes import IMAGE, Change, known_of
from functions_model.provision.host import ResourcePlan, Wanted
from functions_model.provision.kinds import (
    application_insights,
    log_analytics_workspace,
    service_bus_namespace,
    storage_account,
)
from functions_model.provision.kinds.log_analytics_workspace import ObservedInsights, ObservedLogs
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.kinds.storage_account import account_in
from functions_model.provision.known_kinds import kinds_of
from functions_model.provision.nouns import QueueData
from functions_model.provision.observed import FoundApp, Observed
from functions_model.provision.places import ObservedNames, group_of_id, is_elsewhere, same_region


def plan(wanted: Wanted, observed: Observed) -> ResourcePlan:
    """What must happen, in a stable order.

    Raises:
        PlanRefused: What is there cannot carry the deployment; every reason is told. Nothing was written.
    """
    if problems := problems_of(wanted, observed):
        raise PlanRefused(f"plan the function app `{wanted.names.app}`", problems)
    return drawn(wanted, observed)


def problems_of(wanted: Wanted, observed: Observed) -> list[Problem]:
    """Why what is there cannot carry the deployment; each reason once."""
    found = [problem for kind in kinds_of(wanted.host) for problem in kind.problems(wanted, observed)]
    return [*found, *shut_out(wanted, observed), *tagging.problems(wanted, observed)]


def drawn(wanted: Wanted, observed: Observed) -> ResourcePlan:
    """The plan, also where something is in its way: for whoever asks what else there is."""
    changes = [
        tagging.with_tags(change, kind, wanted, observed)
        for kind in kinds_of(wanted.host)
        for change in kind.difference(wanted, observed)
    ]
    keys = {IMAGE, *(key for change in changes for key in (change.key, known_of(change.key)))}
    placed = tuple(_placed(change, keys, observed.portal) for change in changes)
    return ResourcePlan(placed, wanted, observed, notes=notes_for(wanted, observed))


def _placed(change: Change, keys: set[str], portal: str) -> Change:
    """Without dependencies that the plan does not hold, such as providers that are registered; with its link."""
    link = f"{portal}/#resource{change.resource_id}" if portal and change.resource_id else ""
    return replace(change, depends_on=tuple(key for key in change.depends_on if key in keys), link=link)


def notes_for(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """Whole sentences, in a stable order."""
    return (
        *_names(observed),
        *_elsewhere(wanted, observed),
        *_places(wanted, observed),
        *(note for kind in kinds_of(wanted.host) for note in kind.notes(wanted, observed)),
    )


def _names(observed: Observed) -> tuple[str, ...]:
    """Names that may be taken by somebody."""
    if not observed.all_of(ObservedNames).unknown:
        return ()
    names = ", ".join(f"the {name}" for name in observed.all_of(ObservedNames).unknown)
    why = "this login may not ask, or the provider is not registered yet"
    return (f"Whether these names are free in all of Azure is not known, as {why}: {names}.",)


def _elsewhere(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """What is used in another subscription, and where it is."""
    component, workspace = observed.of(ObservedInsights), observed.of(ObservedLogs)
    used = [("registry", wanted.registry.id)]
    used += [(application_insights.KIND, component.id)] if component else []
    used += [(log_analytics_workspace.KIND, workspace.id)] if workspace else []
    there = [(kind, one) for kind, one in used if is_elsewhere(one, wanted.names)]
    told = ", ".join(f"the {kind} `{one.rpartition('/')[2]}` (`{group_of_id(one)}`)" for kind, one in there)
    return (f"Used in another subscription: {told}.",) if told else ()


def _places(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """What is there, and not where `location` says. Azure moves nothing to another region in place.

    learn.microsoft.com/azure/azure-resource-manager/management/relocation/relocation-app-service: a move is a new app.
    """
    by_region: dict[str, list[str]] = {}
    for name, location in _located(wanted, observed):
        if location and same_region(location) != wanted.target.location:
            by_region.setdefault(same_region(location), []).append(name)
    if not by_region:
        return ()
    told = "; ".join(f"{_listed(names)} in `{region}`" for region, names in by_region.items())
    stays = f"existing resources stay where they are, and only new ones are created in `{wanted.target.location}`"
    move = "to move, deploy under another `app-name`, and then remove this one (`mode: destroy`)"
    location = wanted.target.location
    return (f"`location` is `{location}`, and {told}: {stays}. Set `location` to `{min(by_region)}`; or, {move}.",)


def _located(wanted: Wanted, observed: Observed) -> Iterator[tuple[str, str]]:
    """What is there in the group, and its region. What the inputs place in another group is meant to be there."""
    namespace = observed.of(ObservedNamespace)
    site = observed.of(FoundApp)
    if site is not None:
        yield f"the {wanted.host.kind} `{wanted.names.app}`", site.location
    for name in wanted.storage_accounts:
        if (account := account_in(observed, name)) and not wanted.is_in_other_group(storage_account.TYPE, name):
            yield f"the {storage_account.KIND} `{name}`", account.location
    if isinstance(wanted.data, QueueData) and namespace is not None:
        kind, name = service_bus_namespace, wanted.data.namespace
        if not wanted.is_in_other_group(kind.TYPE, name):
            yield f"the {kind.KIND} `{name}`", namespace.location


def _listed(names: list[str]) -> str:
    """`the function app `a` and the storage account `b` are`."""
    head, last = ", ".join(names[:-1]), names[-1]
    return f"{head} and {last} are" if head else f"{last} is"
