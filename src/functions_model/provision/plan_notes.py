"""What people should know of a plan that no change of it says. Pure: no request is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.azure.site import container_logging
from functions_model.provision.app_changes import same_id
from functions_model.provision.key_vault import reference_notes
from functions_model.provision.kinds import (
    application_insights,
    function_app,
    log_analytics_workspace,
    service_bus_namespace,
    storage_account,
)
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.kinds.storage_account import account_in
from functions_model.provision.nouns import QueueData
from functions_model.provision.observed_app import ObservedApp, ObservedSite, ObservedSlot
from functions_model.provision.other_groups import ObservedNames
from functions_model.provision.regions import same_region
from functions_model.provision.script_identity import client_notes
from functions_model.provision.telemetry import ObservedInsights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed


def notes_for(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """Whole sentences, in a stable order."""
    return (
        *_names(observed),
        *_places(wanted, observed),
        *_size(wanted, observed),
        *_workspace(wanted, observed),
        *_container_log(wanted, observed),
        *reference_notes(wanted, observed),
        *client_notes(wanted, observed),
    )


def _names(observed: Observed) -> tuple[str, ...]:
    """Names that may be taken by somebody."""
    if not observed.all_of(ObservedNames).unknown:
        return ()
    names = ", ".join(f"the {name}" for name in observed.all_of(ObservedNames).unknown)
    why = "this login may not ask, or the provider is not registered yet"
    return (f"Whether these names are free in all of Azure is not known, as {why}: {names}.",)


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
    stays = f"what is there stays where it is, and only what is new comes to `{wanted.target.location}`"
    move = "to move, deploy under another `app-name`, and then remove this one (`mode: destroy`)"
    location = wanted.target.location
    return (f"`location` is `{location}`, and {told}: {stays}. Set `location` to `{min(by_region)}`; or, {move}.",)


def _located(wanted: Wanted, observed: Observed) -> Iterator[tuple[str, str]]:
    """What is there in the group, and its region. What the inputs place in another group is meant to be there."""
    namespace = observed.of(ObservedNamespace)
    site = observed.of(ObservedSite)
    if site is not None:
        yield f"the {function_app.KIND} `{wanted.names.app}`", site.location
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


def _size(wanted: Wanted, observed: Observed) -> Iterator[str]:
    """A size that was asked for, of a namespace that has another: `service-bus-sku` says how a new one is made."""
    given, data, there = "service-bus-sku", wanted.data, observed.of(ObservedNamespace)
    if isinstance(data, QueueData) and there is not None and given in wanted.target.given and data.sku != there.sku:
        what = f"the {service_bus_namespace.KIND} `{data.namespace}` is there, of the size `{there.sku}`"
        yield f"`{given}` is `{data.sku}`, and {what}, which it keeps. Leave `{given}` out."


def _workspace(wanted: Wanted, observed: Observed) -> Iterator[str]:
    """A workspace that was named, for a component that has another: it is that of a new one."""
    given, there = "log-analytics-workspace", observed.of(ObservedInsights)
    if wanted.insights is None or there is None or given not in wanted.target.given:
        return
    asked = wanted.insights.workspace
    if not same_id(there.workspace_id, wanted.id_of(log_analytics_workspace.TYPE, asked)):
        name = there.workspace_id.rpartition("/")[2]
        where = f"keeps its data in `{name}`" if name else "has no workspace"
        what = f"the {application_insights.KIND} `{wanted.insights.component}` is there, and {where}"
        yield f"`{given}` is `{asked}`, and {what}. Leave `{given}` out."


def _container_log(wanted: Wanted, observed: Observed) -> Iterator[str]:
    """A log that is off stays so: what a container prints may be more than its owner wants to keep."""
    there = observed.of(ObservedSlot)
    beside = there.app if there else None
    for slot, app in (("", observed.of(ObservedApp)), (wanted.names.slot, beside)):
        if app is None or app.container_log:
            continue
        site = f"the slot `{slot}` of the function app" if slot else "the function app"
        kept = "so a failure can show nothing of it"
        if wanted.data is not None:
            kept += ", and nobody can see whether the trigger stays quiet"
        command = container_logging(wanted.names.at(slot))
        yield f"The container log of {site} `{wanted.names.app}` is off, {kept}. To turn it on: {command}"
