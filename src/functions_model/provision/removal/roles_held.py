"""The role assignments of an identity that goes: in its own subscription, and on what the inputs name in others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import HttpResponseError

from functions_model.azure.clients import AzureClients
from functions_model.core.spec import RemovalSpec
from functions_model.provision.access import roles
from functions_model.provision.access.rights import rights_at
from functions_model.provision.kinds import role_assignment
from functions_model.provision.removable import RolesHeld, Standing

REMOVE_ROLES = "Microsoft.Authorization/roleAssignments/delete"
_PULLING = (roles.ACR_PULL, roles.REPOSITORY_READER)


@dataclass(frozen=True, slots=True)
class _There:
    """The assignments on a resource of another subscription, and why they stay; empty where they may go."""

    assignments: tuple[Any, ...]
    why: str = ""


def roles_of(clients: AzureClients, spec: RemovalSpec, principal_id: str) -> RolesHeld:
    """Those of our identity, wherever in the subscription, and on what the inputs name in other ones.

    Args:
        clients: Of the subscription.
        spec: The removal.
        principal_id: Of the identity.

    Raises:
        AzureError: They cannot be read, for another reason than a right.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(spec.elsewhere))) as threads:
        asked = {scope: threads.submit(_there, clients, scope, principal_id) for scope in spec.elsewhere}
    there = {scope: answer.result() for scope, answer in asked.items()}
    own, all_of_them = _own(clients, spec.names.group, principal_id)
    going = [*own, *(one for found in there.values() if not found.why for one in found.assignments)]
    return RolesHeld(_named(going), dict(_staying(spec, there, own, all_of_them=all_of_them)))


def _own(clients: AzureClients, group: str, principal_id: str) -> tuple[list[Any], bool]:
    """Those in the subscription, and whether that is all of them.

    A login whose rights end at the group sees those in the group only.
    """
    listed, asked = clients.authorization.role_assignments, f"principalId eq '{principal_id}'"
    try:
        found, all_of_them = list(listed.list_for_subscription(filter=asked)), True
    except HttpResponseError as exc:
        if exc.status_code != 403:
            raise
        found, all_of_them = list(listed.list_for_resource_group(group, filter=asked)), False
    return [one for one in found if str(one.principal_id) == principal_id], all_of_them


def _there(clients: AzureClients, scope: str, principal_id: str) -> _There:
    """Those on a resource, or below it. What is held above it was not given by us."""
    listed, asked = clients.authorization.role_assignments, f"principalId eq '{principal_id}'"
    try:
        found = list(listed.list_for_scope(scope=scope.lstrip("/"), filter=asked))
    except HttpResponseError as exc:
        if exc.status_code == 404:
            return _There(())
        if exc.status_code in {401, 403}:
            return _There((), "this login may not look for roles there: somebody who may should remove them")
        raise
    ours = tuple(one for one in found if f"{one.scope}/".lower().startswith(f"{scope}/".lower()))
    held = rights_at(clients, scope) if ours else None
    return _There(ours, "" if held is None or held.allows(REMOVE_ROLES) else _may_not(ours))


def _may_not(assignments: Iterable[Any]) -> str:
    ids = " ".join(str(one.id) for one in assignments)
    command = f"`az role assignment delete --ids {ids}`"
    return f"this login may not remove it (it lacks `{REMOVE_ROLES}`): an owner there must run {command}"


def _staying(
    spec: RemovalSpec, there: dict[str, _There], own: list[Any], *, all_of_them: bool
) -> Iterable[tuple[str, str]]:
    who = spec.resources.identity
    if not all_of_them:
        reason = "this login may not look for them: somebody who may should delete them before the identity is removed"
        yield f"of {who} outside of the group", reason
    for scope, found in there.items():
        names = [_name(one) for one in found.assignments] or [f"of {who} on {scope.rpartition('/')[2]}"]
        yield from ((name, found.why) for name in names if found.why)
    pulls = any(_definition(one) in _PULLING for one in own) or any("/registries/" in scope.lower() for scope in there)
    if all_of_them and not pulls:
        reason = "this subscription has none: where it is in another one, give `registry` as its ARM id"
        yield f"of {who} on the registry", reason


def _named(assignments: list[Any]) -> tuple[Standing, ...]:
    """As plans call them, each by a name of its own."""
    twice = Counter(_name(one) for one in assignments)
    named = ((one, _name(one) if twice[_name(one)] == 1 else f"{_name(one)} ({one.name})") for one in assignments)
    standing = (Standing(role_assignment.KIND, name, str(one.id), ours=True) for one, name in named)
    return tuple(sorted(standing, key=lambda one: one.id))


def _definition(assignment: Any) -> str:
    return str(assignment.role_definition_id).rpartition("/")[2].lower()


def _name(assignment: Any) -> str:
    """`AcrPull on contoso`, as plans call it when it is made."""
    definition = _definition(assignment)
    scope = str(assignment.scope or "").rstrip("/").rpartition("/")[2].replace("~", "/")
    return f"{roles.NAMES.get(definition, definition)} on {scope}"
