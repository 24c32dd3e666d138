"""Looking at what a removal would meet. Everything that can be asked at once is; nothing is written."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

from functions_model.provision.kinds import function_app, identity, log_analytics_workspace, plan, resource_group
from functions_model.provision.removal.apps import apps_of, sites_of
from functions_model.provision.removal.asking import ask
from functions_model.provision.removal.kinds import HOLD_DATA, USED_BY_ROLES, named, read_or_none
from functions_model.provision.removal.logging_components import components_on
from functions_model.provision.removal.roles import roles_of, sharers_of
from functions_model.provision.removal.slots import survey_slot
from functions_model.provision.removal.standing import Found, Standing
from functions_model.provision.tags import is_ours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions_model.azure.clients import AzureClients
    from functions_model.core.removal import RemovalSpec

_MEMBERS, _SITES, _ROLES, _APPS = "resources of the group", "function apps", "role assignments", "apps of the plan"
_COMPONENTS = "Application Insights components"


def survey(clients: AzureClients, spec: RemovalSpec) -> Found:
    """What is there of the deployment.

    Raises:
        PlanRefused: Something cannot be read; every reason is told.
        LoginFailed: No token could be had.
    """
    if spec.names.slot:
        return survey_slot(clients, spec)
    group = ask({resource_group.KIND: partial(_group, clients, spec)})[resource_group.KIND]
    if group is None:
        return Found()
    live = ask(_first_round(clients, spec))
    there = {
        (kind.kind, name): live[f"{kind.kind} `{name}`"]
        for kind, name in named(spec)
        if live[f"{kind.kind} `{name}`"] is not None
    }
    resources = tuple(Standing(kind, name, str(found.id), is_ours(found.tags)) for (kind, name), found in there.items())
    who = there.get((identity.KIND, spec.identity_name))
    more = ask(_second_round(clients, spec, resources, who))
    roles, sees_all = more.get(_ROLES, ((), True))
    return Found(
        group=Standing(resource_group.KIND, spec.names.group, spec.names.group_id, is_ours(group.tags)),
        resources=resources,
        roles=roles,
        sees_all_roles=sees_all,
        members=live[_MEMBERS],
        plan_apps=_others(more.get(_APPS, ()), spec),
        identity_apps=_others(apps_of(live[_SITES], str(who.id)), spec) if who else (),
        sharers={one.id: more[_users(one)] for one in resources if _users(one) in more},
        components=more.get(_COMPONENTS, ()),
    )


def _group(clients: AzureClients, spec: RemovalSpec) -> Any:
    try:
        return clients.resource.resource_groups.get(resource_group_name=spec.names.group)
    except ResourceNotFoundError:
        return None


def _first_round(clients: AzureClients, spec: RemovalSpec) -> dict[str, Callable[[], Any]]:
    group = spec.names.group
    listed = clients.resource.resources
    return {
        **{f"{kind.kind} `{name}`": partial(read_or_none, kind, clients, group, name) for kind, name in named(spec)},
        _MEMBERS: lambda: tuple(str(one.id) for one in listed.list_by_resource_group(group)),
        _SITES: partial(sites_of, clients, group),
    }


def _second_round(
    clients: AzureClients, spec: RemovalSpec, resources: Iterable[Standing], who: Any
) -> dict[str, Callable[[], Any]]:
    """What is asked of those that may go."""
    questions: dict[str, Callable[[], Any]] = {}
    if who is not None and is_ours(who.tags):
        questions[_ROLES] = partial(roles_of, clients, spec.names.group, str(who.principal_id))
    for one in resources:
        if one.ours and one.kind == plan.KIND:
            apps = clients.web.app_service_plans
            questions[_APPS] = partial(_apps_on, apps.list_web_apps, spec.names.group, one.name)
        may_go = one.ours and (spec.with_data or one.kind not in HOLD_DATA)
        if may_go and one.kind == log_analytics_workspace.KIND:
            questions[_COMPONENTS] = partial(components_on, clients, spec, one.id)
        if may_go and one.kind in USED_BY_ROLES:
            ours = spec.names.id_of(identity.TYPE, spec.identity_name)
            questions[_users(one)] = partial(sharers_of, clients, one.id, ours)
    return questions


def _users(one: Standing) -> str:
    return f"role assignments on the {one.kind} `{one.name}`"


def _apps_on(list_web_apps: Callable[..., Iterable[Any]], group: str, name: str) -> tuple[str, ...]:
    return tuple(str(site.id) for site in list_web_apps(group, name))


def _others(site_ids: Iterable[str], spec: RemovalSpec) -> tuple[str, ...]:
    """Names of those that are not the deployment's own app, nor one of its slots."""
    own = spec.names.id_of(function_app.TYPE, spec.names.app).lower()
    return tuple(sorted(one.rpartition("/")[2] for one in site_ids if not f"{one.lower()}/".startswith(f"{own}/")))
