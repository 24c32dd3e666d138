"""One deployment slot at its end: it goes with the roles that it alone has, and its app is never touched.

A slot runs as its app's identity, whose roles are the app's. Where it was given one of its own, the roles of that one
go before the slot, so that a removal that is stopped in between finds the slot, and goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from azure.core.exceptions import HttpResponseError

from functions_model.azure.clients import AzureClients
from functions_model.core.spec import RemovalSpec
from functions_model.hosting.app_service.app import FUNCTION_APP
from functions_model.hosting.app_service.slot import SLOT
from functions_model.provision.changes import Action, Change
from functions_model.provision.host import Found, Host
from functions_model.provision.kinds import identity
from functions_model.provision.kinds.identity import IDENTITY
from functions_model.provision.nouns import same_id
from functions_model.provision.removable import RolesHeld, Standing
from functions_model.provision.removal.planning import MADE, NOT_MADE, removal_of, role_changes
from functions_model.provision.removal.roles_held import roles_of
from functions_model.provision.removal.surveying import ask, read_or_none
from functions_model.provision.removal.users import apps_of, runs_as
from functions_model.provision.tags import is_ours


def survey_slot(clients: AzureClients, spec: RemovalSpec, host: Host) -> Found:
    """The app and its slot, where they are there, and the roles that the slot alone has.

    Raises:
        PlanRefused: Something cannot be read; every reason is told.
    """
    asked = ((FUNCTION_APP, spec.names.app), (SLOT, spec.names.candidate_of_app))
    group = spec.names.group
    live = ask({kind.name: partial(read_or_none, kind, clients, group, name) for kind, name in asked})
    there = ((kind.name, name, live[kind.name]) for kind, name in asked if live[kind.name] is not None)
    return Found(
        host=host,
        resources=tuple(Standing(kind, name, str(site.id), is_ours(site.tags)) for kind, name, site in there),
        roles=_roles_of_its_own(clients, spec, live[FUNCTION_APP.name], live[SLOT.name]),
    )


def _roles_of_its_own(clients: AzureClients, spec: RemovalSpec, app: Any, site: Any) -> RolesHeld:
    """Those of an identity of ours that nothing but the slot runs as. As the app's identity it has none."""
    who, group = spec.names.id_of(identity.TYPE, spec.resources.identity), spec.names.group
    if not runs_as(site, who) or runs_as(app, who) or not is_ours(site.tags):
        return RolesHeld()
    read = partial(read_or_none, IDENTITY, clients, group, spec.resources.identity)
    slots = partial(_slots_of, clients, spec)
    live = ask({IDENTITY.name: read, "function apps": partial(sites_of, clients, group), "deployment slots": slots})
    users = apps_of([*live["function apps"], *live["deployment slots"]], who)
    own = live[IDENTITY.name]
    # Of one that was deleted the slot still has the id.
    if own is None or not is_ours(own.tags) or not all(same_id(one, str(site.id)) for one in users):
        return RolesHeld()
    what = "role assignments"
    found: RolesHeld = ask({what: partial(roles_of, clients, spec, str(own.principal_id))})[what]
    return found


def _slots_of(clients: AzureClients, spec: RemovalSpec) -> list[Any]:
    return list(clients.web.web_apps.list_slots(spec.names.group, spec.names.app))


def slot_changes(spec: RemovalSpec, found: Found) -> Iterator[Change]:
    """What goes of the slot, and that all else stays. Pure: no request is sent."""
    app, site = found.of(FUNCTION_APP.name), found.of(SLOT.name)
    if site is not None and site.ours:
        why = f"nothing else runs as the identity `{spec.resources.identity}`, which stays"
        yield from role_changes(found.roles, why)
        yield removal_of(site, MADE, found.roles.keys)
    elif site is not None:
        yield Change(site.kind, site.name, Action.KEEP, reason=NOT_MADE, resource_id=site.id)
    if app is not None:
        reason = "it stays with all that it uses: `slot-name` removes that slot alone"
        missing = f"it has no slot `{spec.names.candidate}`, and `slot-name` removes nothing else"
        yield Change(app.kind, app.name, Action.KEEP, reason=reason if site else missing, resource_id=app.id)


def sites_of(clients: AzureClients, group: str) -> list[Any]:
    """All apps of the subscription; those of the group where the login may not see more."""
    try:
        return [*clients.web.web_apps.list()]
    except HttpResponseError as exc:
        if exc.status_code != 403:
            raise
        return list(clients.web.web_apps.list_by_resource_group(group))
