"""The resource group: made when it is missing, otherwise left as it is."""

from __future__ import annotations

from typing import Any, cast

from functions_model.azure.clients import AzureClients
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.host import Kind, Look, Wanted, Writing
from functions_model.provision.observed import FoundApp, Observed, ObservedGroup

KIND = "resource group"


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> FoundApp | ObservedGroup | None:  # noqa: ARG001
    """The app in the group, or else the group: asking for the app answers both, and most runs find one."""
    return wanted.host.find(clients, wanted.names)


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create or keep."""
    if observed.of(ObservedGroup) is not None:
        return (Change(KIND, wanted.names.group, Action.KEEP, resource_id=wanted.names.group_id),)
    fields = (FieldChange("location", None, wanted.target.location),)
    return (
        Change(
            KIND,
            wanted.names.group,
            Action.CREATE,
            fields,
            "it does not exist",
            resource_id=wanted.names.group_id,
        ),
    )


def write(writing: Writing, observed: Observed) -> ObservedGroup:  # noqa: ARG001
    """Create it."""
    name, body = writing.change.name, cast("Any", body_of(writing.wanted, writing.change.name))
    writing.clients.resource.resource_groups.create_or_update(resource_group_name=name, parameters=body)
    return ObservedGroup()


def body_of(wanted: Wanted, _: str) -> dict[str, Any]:
    """What it is created with, as is any resource without properties of its own."""
    return {"location": wanted.target.location, "tags": dict(wanted.tags)}


def key(wanted: Wanted) -> str:
    """What everything in the group depends on."""
    return key_of(KIND, wanted.names.group)


RESOURCE_GROUP = Kind(
    KIND,
    difference,
    write,
    looks=(Look("function app, or its resource group", (ObservedGroup, FoundApp), observe, needs=()),),
    body=body_of,
)
