"""The resource group: made when it is missing, otherwise left as it is."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_model.provision.nouns import Action, Change, FieldChange, key_of
from functions_model.provision.observed import ObservedGroup

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.core.failures import Problem
    from functions_model.provision.kind import Writing
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

KIND = "resource group"


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedGroup | None:  # noqa: ARG001
    """The group, wherever it is: resources of other locations can live in it."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        group = clients.resource.resource_groups.get(resource_group_name=wanted.group)
    except ResourceNotFoundError:
        return None
    return ObservedGroup(group.location)


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:  # noqa: ARG001
    """None: any group will do."""
    return ()


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create or keep."""
    if observed.group is not None:
        return (Change(KIND, wanted.group, Action.KEEP, resource_id=wanted.group_id),)
    fields = (FieldChange("location", None, wanted.location),)
    return (Change(KIND, wanted.group, Action.CREATE, fields, "it does not exist", resource_id=wanted.group_id),)


def write(writing: Writing, observed: Observed) -> ObservedGroup:  # noqa: ARG001
    """Create it."""
    wanted = writing.wanted
    body: Any = {"location": wanted.location, "tags": dict(wanted.tags)}
    group = writing.clients.resource.resource_groups.create_or_update(resource_group_name=wanted.group, parameters=body)
    return ObservedGroup(group.location)


def key(wanted: Wanted) -> str:
    """What everything in the group depends on."""
    return key_of(KIND, wanted.group)
