"""Looking at what a removal would meet. Everything that can be asked at once is; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import itemgetter
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import explain
from functions_model.azure.misread import understanding
from functions_model.azure.refusing import read_or_refused
from functions_model.core.failures import PlanRefused, Problem
from functions_model.core.spec import RemovalSpec
from functions_model.provision.host import Found, Host, Kind
from functions_model.provision.kinds import identity, log_analytics_workspace, resource_group
from functions_model.provision.known_kinds import kinds_of
from functions_model.provision.removable import RolesHeld, Standing
from functions_model.provision.removal.roles_held import roles_of
from functions_model.provision.removal.users import apps_of, components_on, sharers_of
from functions_model.provision.tags import is_ours

_MEMBERS, _SITES, _ROLES, _APPS = "resources of the group", "function apps", "role assignments", "apps of the plan"
_COMPONENTS = "Application Insights components"


@read_or_refused("read the live resources")
def survey(clients: AzureClients, spec: RemovalSpec, host: Host) -> Found:
    """What is there of the deployment.

    Args:
        clients: Of the subscription.
        spec: The deployment.
        host: Where its app runs.

    Raises:
        PlanRefused: Something cannot be read; every reason is told.
        LoginFailed: No token could be had.
    """
    if spec.names.candidate:
        return host.survey_candidate(clients, spec)
    group = ask({resource_group.KIND: partial(_group, clients, spec)})[resource_group.KIND]
    if group is None:
        return Found(host)
    live = ask(_first_round(clients, spec, host))
    there = {
        (kind.name, name): live[f"{kind.name} `{name}`"]
        for kind, name in named(spec, host)
        if live[f"{kind.name} `{name}`"] is not None
    }
    resources = tuple(Standing(kind, name, str(found.id), is_ours(found.tags)) for (kind, name), found in there.items())
    who = there.get((identity.KIND, spec.resources.identity))
    more = ask(_second_round(clients, spec, host, resources, who))
    return Found(
        host=host,
        group=Standing(resource_group.KIND, spec.names.group, spec.names.group_id, is_ours(group.tags)),
        resources=resources,
        roles=more.get(_ROLES, RolesHeld()),
        members=live[_MEMBERS],
        plan_apps=_others(more.get(_APPS, ()), spec, host),
        identity_apps=_others(apps_of(live[_SITES], str(who.id)), spec, host) if who else (),
        sharers={one.id: more[_users(one)] for one in resources if _users(one) in more},
        components=more.get(_COMPONENTS, ()),
    )


def _group(clients: AzureClients, spec: RemovalSpec) -> Any:
    try:
        return clients.resource.resource_groups.get(resource_group_name=spec.names.group)
    except ResourceNotFoundError:
        return None


def _first_round(clients: AzureClients, spec: RemovalSpec, host: Host) -> dict[str, Callable[[], Any]]:
    group = spec.names.group
    listed = clients.resource.resources
    return {
        **{
            f"{kind.name} `{name}`": partial(read_or_none, kind, clients, group, name)
            for kind, name in named(spec, host)
        },
        _MEMBERS: lambda: tuple(str(one.id) for one in listed.list_by_resource_group(group)),
        _SITES: partial(host.apps, clients, group),
    }


def _second_round(
    clients: AzureClients, spec: RemovalSpec, host: Host, resources: Iterable[Standing], who: Any
) -> dict[str, Callable[[], Any]]:
    """What is asked of those that may go."""
    questions: dict[str, Callable[[], Any]] = {}
    if who is not None and is_ours(who.tags):
        questions[_ROLES] = partial(roles_of, clients, spec, str(who.principal_id))
    for one in resources:
        kind = next(kind for kind in removable(host) if kind.name == one.kind)
        if one.ours and kind in host.foundations:
            questions[_APPS] = partial(host.apps_on, clients, spec.names.group, one.name)
        may_go = one.ours and kind.removal and (spec.with_data or not kind.removal.holds_data)
        if may_go and one.kind == log_analytics_workspace.KIND:
            questions[_COMPONENTS] = partial(components_on, clients, spec, one.id)
        if may_go and kind.removal and kind.removal.used_by_roles:
            ours = spec.names.id_of(identity.TYPE, spec.resources.identity)
            questions[_users(one)] = partial(sharers_of, clients, one.id, ours)
    return questions


def _users(one: Standing) -> str:
    return f"role assignments on the {one.kind} `{one.name}`"


def _others(site_ids: Iterable[str], spec: RemovalSpec, host: Host) -> tuple[str, ...]:
    """Names of those that are not the deployment's own app, nor part of it."""
    own = spec.names.id_of(host.type, spec.names.app).lower()
    return tuple(sorted(one.rpartition("/")[2] for one in site_ids if not f"{one.lower()}/".startswith(f"{own}/")))


def ask(questions: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """The answers, by what is asked for.

    Raises:
        PlanRefused: One could not be had; every reason is told.
    """
    problems, answers = [], {}
    with ThreadPoolExecutor(max_workers=max(1, len(questions)), thread_name_prefix="survey") as threads:
        asked = {what: threads.submit(understanding(question)) for what, question in questions.items()}
    for what, answer in asked.items():
        try:
            answers[what] = answer.result()
        except AzureError as exc:
            error = explain(exc, f"read the {what}")
            problems.append(Problem(f"the {what} cannot be read: {error.reason}", error.remedy, error.subject))
    if problems:
        raise PlanRefused("read the live resources", problems)
    return answers


def removable(host: Host) -> tuple[Kind, ...]:
    """The kinds that a removal looks for, in the order in which they are shown."""
    kinds = [(kind.removal.turn, kind) for kind in kinds_of(host) if kind.removal]
    return tuple(kind for _, kind in sorted(kinds, key=itemgetter(0)))


def named(spec: RemovalSpec, host: Host) -> Iterator[tuple[Kind, str]]:
    """Each resource that the deployment can have in the group."""
    for kind in removable(host):
        if kind.name == host.kind:
            yield kind, spec.names.app
        ours = (name_of for given, name_of in kind.named_by.items() if given not in spec.resources.other_groups)
        names = (name_of(spec.resources) for name_of in ours)
        yield from ((kind, name) for name in dict.fromkeys(names) if name)


def read_or_none(kind: Kind, clients: AzureClients, group: str, name: str) -> Any:
    """A resource that can be removed, or None."""
    try:
        return kind.removal.read(clients, group, name) if kind.removal else None
    except ResourceNotFoundError:
        return None
