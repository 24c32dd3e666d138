"""The user-assigned identity that the app runs as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from azure.core.exceptions import ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.core.failures import Problem
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.host import Kind, Look, Wanted, Writing
from functions_model.provision.kinds import provider, resource_group
from functions_model.provision.observed import Observed, Piece
from functions_model.provision.places import not_there
from functions_model.provision.removable import Removal

KIND = "identity"
TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"


@dataclass(frozen=True, slots=True)
class ObservedIdentity(Piece):
    """A live user-assigned identity."""

    id: str
    principal_id: str
    client_id: str


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedIdentity | None:  # noqa: ARG001
    """The identity of that name; none is looked for where the app has keys."""
    if wanted.by_keys:
        return None

    try:
        identity = clients.msi.user_assigned_identities.get(
            resource_group_name=wanted.group_of(TYPE, wanted.resources.identity),
            resource_name=wanted.resources.identity,
        )
    except ResourceNotFoundError:
        return None
    return _observed(identity)


def _observed(identity: Any) -> ObservedIdentity:
    return ObservedIdentity(str(identity.id), str(identity.principal_id), str(identity.client_id))


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """One of another group that is not there; else any identity will do."""
    if observed.of(ObservedIdentity) is None and wanted.is_in_other_group(TYPE, wanted.resources.identity):
        return (not_there(KIND, TYPE, wanted.resources.identity, wanted, "identity-name"),)
    return ()


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create or keep; nothing where the app has keys."""
    if wanted.by_keys:
        return ()
    resource_id = wanted.id_of(TYPE, wanted.resources.identity)
    if observed.of(ObservedIdentity) is not None:
        return (Change(KIND, wanted.resources.identity, Action.KEEP, resource_id=resource_id),)
    fields = (FieldChange("location", None, wanted.target.location),)
    depends_on = (resource_group.key(wanted), *provider.keys(provider.IDENTITY))
    return (
        Change(KIND, wanted.resources.identity, Action.CREATE, fields, "it does not exist", depends_on, resource_id),
    )


def write(writing: Writing, observed: Observed) -> ObservedIdentity:  # noqa: ARG001
    """Create it."""
    wanted, body = writing.wanted, cast("Any", resource_group.body_of(writing.wanted, writing.change.name))
    identity = writing.clients.msi.user_assigned_identities.create_or_update(
        resource_group_name=wanted.names.group, resource_name=wanted.resources.identity, parameters=body
    )
    return _observed(identity)


def key(wanted: Wanted) -> str:
    """What the app and its roles depend on."""
    return key_of(KIND, wanted.resources.identity)


IDENTITY = Kind(
    KIND,
    difference,
    write,
    looks=(Look(KIND, (ObservedIdentity,), observe),),
    problems=problems,
    type=TYPE,
    named_by={"identity-name": lambda names: names.identity},
    removal=Removal(
        1,
        lambda clients, group, name: clients.msi.user_assigned_identities.get(group, name),
        lambda it: it.clients.msi.user_assigned_identities.delete(it.group, it.name),
    ),
    body=resource_group.body_of,
)
