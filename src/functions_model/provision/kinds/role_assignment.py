"""What the identity may do. A role that it holds already, by whatever assignment, is not assigned again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from azure.core.exceptions import HttpResponseError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import error_code
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.host import Kind, Look, Wanted, Writing
from functions_model.provision.kinds import (
    application_insights,
    blob_container,
    identity,
    service_bus_namespace,
    service_bus_queue,
    storage_account,
)
from functions_model.provision.kinds.former_roles import FormerAssignment, description_of, find_former
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.kinds.log_analytics_workspace import ObservedInsights
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.kinds.service_bus_queue import ObservedQueues
from functions_model.provision.kinds.storage_account import ObservedAccounts
from functions_model.provision.nouns import QueueData, Role
from functions_model.provision.observed import Observed, ObservedGroup, Piece
from functions_model.provision.places import subscription_in

KIND = "role assignment"
_NAMESPACE = uuid.UUID("6f0d6b5e-9c1e-5f0b-8a3f-0b6a3a3d9f11")
"""Ours alone: it keeps our assignment names apart from everybody's."""


@dataclass(frozen=True, slots=True)
class ObservedRoles(Piece):
    """The roles, of those wanted, that the identity holds.

    Attributes:
        held: At the scope or above it.
        former: What an identity that is gone has left behind, of those that are not held.
    """

    held: frozenset[Role] = frozenset()
    former: Mapping[Role, FormerAssignment] = field(default_factory=dict)


def assignment_name(scope: str, principal_id: str, definition: str) -> str:
    """The GUID of an assignment, the same whenever it is asked for.

    The principal is part of it: a name can never be given to another principal (RoleAssignmentUpdateNotPermitted).
    """
    return str(uuid.uuid5(_NAMESPACE, f"{scope}|{principal_id}|{definition}".lower()))


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedRoles | None:
    """The wanted roles that the identity holds at their scope or above it, and what a former one has left there."""
    who = seen.of(ObservedIdentity)
    if seen.of(ObservedGroup) is None and who is None:
        return None
    there = _scopes_there(wanted, seen)
    asked = [role for role in wanted.roles if not role.waits_for or role.waits_for in there]
    assigned = _assignments(clients, asked, who.principal_id) if who else ()
    held = frozenset(role for role in asked if any(one.gives(role) for one in assigned))
    missing = [role for role in asked if role not in held]
    return ObservedRoles(held, find_former(clients, missing, wanted.id_of(identity.TYPE, wanted.resources.identity)))


@dataclass(frozen=True, slots=True)
class _Assignment:
    """A role that the identity holds: GUID of its definition, and the scope."""

    definition: str
    scope: str

    def gives(self, role: Role) -> bool:
        """Whether it counts for a role: at its scope or above it."""
        inner, outer = role.scope.lower().rstrip("/"), self.scope
        return self.definition == role.definition and (inner == outer or inner.startswith(f"{outer}/"))


def _assignments(clients: AzureClients, asked: list[Role], principal_id: str) -> tuple[_Assignment, ...]:
    """What the identity holds. A subscription knows all of its own at once, but not every login may ask it that."""
    listed, only = clients.authorization.role_assignments, f"principalId eq '{principal_id}'"
    # What is listed there holds those below it, too, and a container may not be there.
    scopes = list(dict.fromkeys(blob_container.account_id_of(role.scope) for role in asked))
    own = [scope for scope in scopes if subscription_in(scope).lower() == clients.subscription_id.lower()]
    held: list[_Assignment] = []
    if len(own) > 1:
        try:
            held += [_read(one, "") for one in listed.list_for_subscription(filter=only)]
            scopes = [scope for scope in scopes if scope not in own]
        except HttpResponseError as exc:
            if exc.status_code != 403:
                raise

    def of(scope: str) -> list[_Assignment]:
        return [_read(one, scope) for one in listed.list_for_scope(scope=scope.lstrip("/"), filter=only)]

    with ThreadPoolExecutor(max_workers=max(1, len(scopes))) as threads:
        return (*held, *(one for found in threads.map(of, scopes) for one in found))


def _read(assignment: Any, scope: str) -> _Assignment:
    definition = str(assignment.role_definition_id).rpartition("/")[2].lower()
    return _Assignment(definition, str(assignment.scope or scope).lower().rstrip("/"))


def _scopes_there(wanted: Wanted, seen: Observed) -> set[str]:
    """Keys of what is there, of all that a role can wait for."""
    there = {storage_account.key(name) for name in seen.all_of(ObservedAccounts).by_name}
    there |= {*application_insights.keys(wanted)} if seen.of(ObservedInsights) is not None else set()
    if wanted.resources.collecting_alone in seen.all_of(ObservedAccounts).by_name:
        there |= {one.waits_for for one in wanted.roles if one.waits_for.startswith(f"{blob_container.KIND}/")}
    there |= {service_bus_queue.key(name) for name in seen.all_of(ObservedQueues).by_name}
    if isinstance(wanted.data, QueueData) and seen.of(ObservedNamespace) is not None:
        there.add(service_bus_namespace.key(wanted.data.namespace))
    return there


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """One change per role."""
    return tuple(_change(role, wanted, observed) for role in wanted.roles)


def _change(role: Role, wanted: Wanted, observed: Observed) -> Change:
    if role in observed.all_of(ObservedRoles).held:
        return Change(KIND, _name(role), Action.KEEP)
    depends_on = (identity.key(wanted), *filter(None, (role.waits_for,)))
    if former := observed.all_of(ObservedRoles).former.get(role):
        moved = FieldChange("principal", former.principal_id, f"the identity {wanted.resources.identity}")
        reason = f"it belongs to a deleted identity `{wanted.resources.identity}`, and cannot be moved to a new one"
        return Change(KIND, _name(role), Action.REPLACE, (moved,), reason, depends_on)
    fields = (FieldChange("role", None, role.name), FieldChange("scope", None, role.scope))
    reason = f"the identity `{wanted.resources.identity}` does not have it"
    if wanted.registry.abac and role.scope == wanted.registry.id:
        reason += "; the registry gives rights by repository (ABAC), where AcrPull has no effect"
    return Change(KIND, _name(role), Action.CREATE, fields, reason, depends_on)


def _name(role: Role) -> str:
    return f"{role.name} on {role.on}"


def write(writing: Writing, observed: Observed) -> None:
    """Assign the role; one that is assigned already is as good. A new identity may not be known everywhere yet.

    What a former identity left goes first: then a run that is stopped in between plans the new assignment again.
    """
    who = observed.of(ObservedIdentity)
    if who is None:
        message = "a role needs an identity"
        raise ValueError(message)
    role = next(role for role in writing.wanted.roles if _name(role) == writing.change.name)
    if former := observed.all_of(ObservedRoles).former.get(role):
        writing.clients.authorization.role_assignments.delete_by_id(former.id.lstrip("/"))
    try:
        _assign(writing, role, who.principal_id)
    except HttpResponseError as exc:
        if error_code(exc) != "RoleAssignmentExists":
            raise


def _assign(writing: Writing, role: Role, principal_id: str) -> None:
    subscription = f"/subscriptions/{subscription_in(role.scope)}"
    body: Any = {
        "properties": {
            "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role.definition}",
            "principalId": principal_id,
            # Without it, a new identity is looked up in the directory, where it may not be yet.
            "principalType": "ServicePrincipal",
            "description": description_of(writing.wanted.id_of(identity.TYPE, writing.wanted.resources.identity)),
        }
    }
    writing.clients.authorization.role_assignments.create(
        scope=role.scope.lstrip("/"),
        role_assignment_name=assignment_name(role.scope, principal_id, role.definition),
        parameters=body,
    )


def keys(wanted: Wanted) -> tuple[str, ...]:
    """What the app depends on: all but those of a queue trigger, which it need not have before it runs."""
    late = service_bus_queue.scopes(wanted.data) if isinstance(wanted.data, QueueData) else ()
    return tuple(key_of(KIND, _name(role)) for role in wanted.roles if role.waits_for not in late)


ROLE_ASSIGNMENT = Kind(
    KIND,
    difference,
    write,
    looks=(
        Look(
            "role assignments",
            (ObservedRoles,),
            observe,
            needs=(ObservedIdentity, ObservedAccounts, ObservedNamespace, ObservedQueues, ObservedInsights),
        ),
    ),
)
