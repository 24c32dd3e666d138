"""Whether the login may do what a plan asks for: asked before anything is written, once for each place.

Resource Manager tells the caller's own rights at a scope. It tells nothing of conditions on a role, nor of deny
assignments and policies: what looks allowed can still be refused by the write.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, TypeAlias

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from functions_model.azure import api_versions
from functions_model.azure.clients import AzureClients
from functions_model.azure.misread import mapping_of, understood
from functions_model.core.failures import Problem
from functions_model.provision.changes import Action, Change
from functions_model.provision.elsewhere import ROLES_ADMINISTRATOR, grant_command
from functions_model.provision.host import ResourcePlan, Wanted
from functions_model.provision.kinds import application_insights, blob_container, image_import, log_analytics_workspace
from functions_model.provision.kinds.image_import import ImageElsewhere
from functions_model.provision.kinds.role_assignment import ObservedRoles
from functions_model.provision.nouns import Role
from functions_model.provision.observed import ObservedGroup
from functions_model.provision.places import is_elsewhere

ASSIGN_ROLES = "Microsoft.Authorization/roleAssignments/write"
_WRITE_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/write"
_READ_PASSWORD = "Microsoft.ContainerRegistry/registries/listCredentials/action"  # noqa: S105 - a permission
_ASSIGN_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
_NEW = {Action.CREATE, Action.REPLACE}
Grant: TypeAlias = Callable[[str, str], str]
"""The command that gives the login a role on a scope."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What the login may do at one scope.

    Attributes:
        permissions: As Resource Manager lists them, one for each role that is held there: allowed and taken away.
    """

    permissions: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    def allows(self, action: str) -> bool:
        """Whether one of the roles holds that permission. What another role lacks takes nothing away."""
        return any(_fits(actions, action) and not _fits(without, action) for actions, without in self.permissions)


def _fits(patterns: Iterable[str], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def missing_rights(plan: ResourcePlan, clients: AzureClients) -> tuple[Problem, ...]:
    """Why the login could not make the plan so. A plan that makes nothing new asks nothing.

    Args:
        plan: It may have an image that is not known yet.
        clients: Of the subscription, with the login's credential.

    Raises:
        LoginFailed: The login holds no longer.
    """
    if not any(change.action in _NEW for change in plan.changes):
        return ()
    roles = _new_roles(plan)
    imports = plan.observed.of(ImageElsewhere) is not None
    others = (plan.wanted.registry.id,) if imports or plan.wanted.by_keys else ()
    places = (plan.wanted.names.group_id, *others, *(role.scope for role in roles), *_linked_workspace(plan))
    rights = _read_all(clients, list(dict.fromkeys(_asked(plan, scope) for scope in places)))
    grant = partial(grant_command, clients)
    problems = (
        _resources_problem(plan, rights, grant),
        _roles_problem(plan, roles, rights, grant),
        _password_problem(plan.wanted, rights.get(_asked(plan, plan.wanted.registry.id)), grant),
        *(_link_problem(workspace, rights.get(workspace), grant) for workspace in _linked_workspace(plan)),
        _import_problem(plan.wanted, rights.get(_asked(plan, plan.wanted.registry.id)), grant) if imports else None,
    )
    return tuple(problem for problem in problems if problem is not None)


def _new_roles(plan: ResourcePlan) -> tuple[Role, ...]:
    return tuple(role for role in plan.wanted.roles if role not in plan.observed.all_of(ObservedRoles).held)


def _asked(plan: ResourcePlan, scope: str) -> str:
    """Where rights are asked for: those at a group hold for all in it, and a group to come has its subscription's.

    A container of collected data may be still to come, too: those at its account hold for it.
    """
    if not _is_in(scope, plan.wanted.names.group_id):
        return blob_container.account_id_of(scope)
    return (
        plan.wanted.names.group_id
        if plan.observed.of(ObservedGroup)
        else f"/subscriptions/{plan.wanted.names.subscription}"
    )


def _is_in(scope: str, group_id: str) -> bool:
    return f"{scope}/".lower().startswith(f"{group_id}/".lower())


def _read_all(clients: AzureClients, scopes: list[str]) -> dict[str, Rights]:
    with ThreadPoolExecutor(max_workers=len(scopes)) as threads:
        found = threads.map(lambda scope: rights_at(clients, scope), scopes)
        return {scope: rights for scope, rights in zip(scopes, found, strict=True) if rights is not None}


def rights_at(clients: AzureClients, scope: str) -> Rights | None:
    """What the login may do at a scope; None when that is not told: then the write will tell."""
    path = f"{scope}/providers/Microsoft.Authorization/permissions"
    try:
        with understood():
            request = HttpRequest("GET", path, params={"api-version": api_versions.AUTHORIZATION})
            told = mapping_of(clients.resource.send_request(request)).get("value") or []
            return Rights(tuple(_permission(entry) for entry in told))
    except HttpResponseError:
        return None


def _permission(entry: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(map(str, entry.get("actions") or ())), tuple(map(str, entry.get("notActions") or ()))


def _resources_problem(plan: ResourcePlan, rights: Mapping[str, Rights], grant: Grant) -> Problem | None:
    """Resources that the login may not write, all of one cause: it is no Contributor."""
    group = plan.observed.of(ObservedGroup)
    wanted = plan.wanted
    held = rights.get(_asked(plan, wanted.names.group_id))
    if held is None:
        return None
    refused = [
        (change, action) for change in plan.changes for action in _needed(change, wanted) if not held.allows(action)
    ]
    if not refused:
        return None
    # Who may not make the group may make nothing in it, and gets the rights for all of it with those for the group.
    told = refused[:1] if group is None and refused[0][1] == _WRITE_GROUP else refused
    names = ", ".join(dict.fromkeys(str(change) for change, _ in told))
    actions = ", ".join(f"`{action}`" for action in dict.fromkeys(action for _, action in told))
    name, place = shlex.quote(wanted.names.group), wanted.target.location
    make = () if group else (f"az group create --name {name} --location {place}",)
    commands = _commands(*make, grant("Contributor", wanted.names.group_id))
    return Problem(f"this login may not write {names} (it lacks {actions})", f"Ask an owner to run {commands}.")


def _needed(change: Change, wanted: Wanted) -> tuple[str, ...]:
    """The permissions in the group that a change takes."""
    if change.action is Action.KEEP or not _is_in(change.resource_id, wanted.names.group_id):
        return ()
    if (action := write_action(change.resource_id)) is None:
        return ()
    gives_identity = action == f"{wanted.host.type}/write" and wanted.roles
    return (action, _ASSIGN_IDENTITY) if gives_identity else (action,)


def write_action(resource_id: str) -> str | None:
    """`<type>/write` of an app's id; None for what is no resource."""
    _, provider, rest = resource_id.rpartition("/providers/")
    if not provider:
        return _WRITE_GROUP if "/resourcegroups/" in resource_id.lower() else None
    namespace, *parts = rest.split("/")
    return "/".join([namespace, *parts[::2], "write"]) if parts else None


def _roles_problem(
    plan: ResourcePlan, roles: tuple[Role, ...], rights: Mapping[str, Rights], grant: Grant
) -> Problem | None:
    """Scopes on which the login may not assign roles, and both ways out."""
    asked = {role: rights.get(_asked(plan, role.scope)) for role in roles}
    refused = [role for role, held in asked.items() if held is not None and not held.allows(ASSIGN_ROLES)]
    if not refused:
        return None
    group_id = plan.wanted.names.group_id
    scopes = dict.fromkeys(group_id if _is_in(role.scope, group_id) else role.scope for role in refused)
    commands = _commands(*(grant(ROLES_ADMINISTRATOR, scope) for scope in scopes))
    what = f"this login may not assign roles (it lacks `{ASSIGN_ROLES}`), and the app's identity needs {_held(refused)}"
    return Problem(what, f"Ask an owner to run {commands}. Or set `access: keys`, which needs no roles.", "access")


def _password_problem(wanted: Wanted, held: Rights | None, grant: Grant) -> Problem | None:
    """A registry whose password the app is to have, and the login may not read."""
    if not wanted.by_keys or held is None or held.allows(_READ_PASSWORD):
        return None
    name = wanted.registry.id.rpartition("/")[2]
    what = f"this login may not read the password of the registry `{name}` (it lacks `{_READ_PASSWORD}`)"
    command = _commands(grant("Contributor", wanted.registry.id))
    return Problem(
        what, f"Ask an owner to run {command}. Or choose `access: identity`, which needs no password.", "access"
    )


def _linked_workspace(plan: ResourcePlan) -> tuple[str, ...]:
    """ARM id of the workspace of another subscription that a component to come is linked to, if there is one."""
    kind = log_analytics_workspace
    made = any(one.kind == application_insights.KIND and one.action in _NEW for one in plan.changes)
    insights = plan.wanted.insights if made else None
    place = plan.wanted.id_of(kind.TYPE, insights.workspace) if insights else ""
    return (place,) if place and is_elsewhere(place, plan.names) else ()


def _link_problem(workspace: str, held: Rights | None, grant: Grant) -> Problem | None:
    kind = log_analytics_workspace
    if held is None or held.allows(kind.LINK):
        return None
    name = workspace.rpartition("/")[2]
    what = f"this login may not link a component to the {kind.KIND} `{name}` of another subscription"
    command = _commands(grant(kind.LINKER, workspace))
    return Problem(f"{what} (it lacks `{kind.LINK}`)", f"Ask an owner to run {command}.", kind.INPUT)


def _import_problem(wanted: Wanted, held: Rights | None, grant: Grant) -> Problem | None:
    """A registry that does not have the image, and that the login may not have import it."""
    if held is None or held.allows(image_import.RIGHT):
        return None
    name = wanted.registry.id.rpartition("/")[2]
    what = f"this login may not import the image into the registry `{name}` (it lacks `{image_import.RIGHT}`)"
    command = _commands(grant(image_import.IMPORTER, wanted.registry.id))
    return Problem(what, f"Ask an owner to run {command}.", "image")


def _held(roles: list[Role]) -> str:
    """`AcrPull on contoso, Storage Blob Data Owner and Storage Table Data Contributor on irisstorage`."""
    by_place: dict[str, list[str]] = {}
    for role in roles:
        by_place.setdefault(role.on, []).append(role.name)
    return ", ".join(f"{' and '.join(names)} on `{place}`" for place, names in by_place.items())


def _commands(*commands: str) -> str:
    return ", then ".join(f"`{command}`" for command in commands)
