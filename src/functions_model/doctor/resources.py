"""The resources: what is there, what would be created, and what would refuse that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from azure.core.exceptions import AzureError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import explain
from functions_model.core.failures import ApplyIncomplete, PlanRefused, Problem
from functions_model.core.spec import Access
from functions_model.doctor.diagnosis import Diagnosis, State, beside, fine, problem, problems, unasked
from functions_model.doctor.registry import Registry
from functions_model.hosting.app_service.plan import KIND as PLAN
from functions_model.hosting.app_service.plan_sizes import ObservedPlanRoom
from functions_model.hosting.known_hosts import host_of
from functions_model.provision import Action, ResourcePlan, Wanted, missing_rights, observe, wanted_for
from functions_model.provision.access.locks import Lock, locks_on
from functions_model.provision.access.networks import shut_out
from functions_model.provision.access.policies import refused_by_policy
from functions_model.provision.access.rights import Rights, rights_at
from functions_model.provision.first_look import without_registry
from functions_model.provision.host import Kind
from functions_model.provision.kinds import provider, role_assignment
from functions_model.provision.kinds.provider import ObservedProviders
from functions_model.provision.known_kinds import kinds_of
from functions_model.provision.observed import Observed, ObservedGroup
from functions_model.provision.places import ObservedNames
from functions_model.provision.planning import drawn
from functions_model.provision.tagging import problems as of_tags

_REFUSED, _NOT_WRITTEN = PlanRefused.exit_code, ApplyIncomplete.exit_code
_IMAGE = "an image that is not known yet"
_OTHERS = ("rights", "policies", "locks")
_SILENT_KINDS = frozenset({provider.KIND, role_assignment.KIND})
"""Of which more is said than that each is there."""


def examine_resources(registry: Registry) -> Iterator[Diagnosis]:
    """What is there; and then side by side rights, policies and locks."""
    if registry.found is None and registry.target.access is Access.KEYS:
        why = "with `access: keys` they cannot be compared before the registry is found"
        yield from (unasked(topic, why) for topic in ("resources", *_OTHERS))
        return
    wanted = _wanted(registry)
    seen: list[Observed] = []
    yield from beside([("resources", lambda: _look(registry, wanted, seen))])
    clients = registry.clients
    locks = partial(_locks, wanted, clients)
    if not seen:
        asked = ("rights", partial(_rights_alone, wanted, clients))
        yield from beside([asked, ("policies", lambda: [unasked("policies", _UNREAD)]), ("locks", locks)])
        return
    plan = drawn(wanted, seen[0])
    looks = (("rights", partial(_rights, plan, clients)), ("policies", partial(_policies, plan, clients)))
    yield from beside([*looks, ("locks", locks)])


_UNREAD = "the existing resources cannot be read, and so what would be new is not known"


def _wanted(registry: Registry) -> Wanted:
    host = host_of(registry.target)
    if registry.found is None:
        return without_registry(registry.spec, registry.clients.subscription_id, host)
    return wanted_for(registry.spec, _IMAGE, registry.found, host)


def _look(registry: Registry, wanted: Wanted, seen: list[Observed]) -> Iterator[Diagnosis]:
    try:
        observed = observe(registry.clients, wanted, mask=registry.world.ci.mask)
    except PlanRefused as refused:
        yield from problems("resources", refused.problems, _REFUSED)
        return
    seen.append(observed)
    yield from _providers(registry.clients, wanted, observed)
    for kind in kinds_of(wanted.host):
        if kind.name not in _SILENT_KINDS:
            yield from _kind(kind, wanted, observed)
    yield from problems("network", shut_out(wanted, observed), _REFUSED)
    yield from problems("tags", of_tags(wanted, observed), _REFUSED)


def _kind(kind: Kind, wanted: Wanted, observed: Observed) -> Iterator[Diagnosis]:
    """What is in the way of resources of a kind, or else what becomes of each."""
    if found := kind.problems(wanted, observed):
        yield from problems(kind.name, found, _REFUSED)
        return
    unknown = observed.all_of(ObservedNames).unknown
    for change in kind.difference(wanted, observed):
        if change.action is not Action.CREATE:
            done = "is there" if change.action is Action.KEEP else f"is there, and would be changed: {change.reason}"
            yield fine(kind.name, f"`{change.name}` {done}")
        elif f"{kind.name} `{change.name}`" in unknown:
            why = "this login may not ask, or its provider is not registered"
            yield unasked(kind.name, f"whether the name `{change.name}` is free in all of Azure: {why}")
        else:
            free = ", and its name is free" if kind.asks_names else ""
            yield fine(kind.name, f"`{change.name}` would be created{free}")
    if kind.name == PLAN:
        yield from _room(wanted, observed)


def _room(wanted: Wanted, observed: Observed) -> Iterator[Diagnosis]:
    """Whether Azure would make the plan; problems were told before."""
    room, size = observed.of(ObservedPlanRoom), wanted.target.hosting.sku
    if room is not None and room.unknown:
        yield unasked("quota", f"whether `{wanted.target.location}` has room for {size}: {room.unknown}")
    elif observed.of(ObservedGroup) is None:
        what = f"Azure tells whether there is quota for {size} only once the resource group is there"
        name, place = wanted.names.group, wanted.target.location
        yield unasked("quota", what, f"To know it now: `az group create --name {name} --location {place}`.")
    else:
        yield fine("quota", f"Azure would create a plan of the size {size} in `{wanted.target.location}`")


def _providers(clients: AzureClients, wanted: Wanted, observed: Observed) -> Iterator[Diagnosis]:
    """Those that are not registered: a deployment does that, if the login may."""
    told, place = observed.all_of(ObservedProviders), f"/subscriptions/{wanted.names.subscription}"
    yield from problems("location", provider.problems(wanted, observed), _REFUSED)
    if told.unread:
        yield unasked("providers", f"this login may not read whether {_listed(told.unread)} are registered")
    held = rights_at(clients, place) if told.unregistered else None
    for name in told.unregistered:
        what = f"the subscription is not registered with `{name}`"
        if held is not None and held.allows(f"{name}/register/action"):
            yield Diagnosis("providers", State.WARNING, f"{what}; a deployment does that, and waits for it", _now(name))
        else:
            remedy = f"Ask an owner of the subscription to run `{_register(name)}`."
            yield problem("providers", Problem(f"{what}, and this login may not do it", remedy), _NOT_WRITTEN)
    if not (told.unread or told.unregistered):
        yield fine("providers", "those of what would be created are registered")


def _register(name: str) -> str:
    return f"az provider register --namespace {name} --wait"


def _now(name: str) -> str:
    return f"To have it done: `{_register(name)}`."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _rights(plan: ResourcePlan, clients: AzureClients) -> Iterator[Diagnosis]:
    new = [one for one in plan.changes if one.action in {Action.CREATE, Action.REPLACE}]
    if not new:
        yield unasked("rights", "nothing would be created, and a deployment asks for rights only then")
        return
    if _held(plan.wanted, clients, there=plan.observed.of(ObservedGroup) is not None) is None:
        yield unasked("rights", "this login may not read its own rights")
        return
    lacking = missing_rights(plan, clients)
    yield from problems("rights", lacking, _REFUSED)
    if not lacking:
        roles = sum(one.kind == role_assignment.KIND for one in new)
        assign = f", and assign {roles} roles to the app's identity" if roles else ""
        yield fine("rights", f"this login may create all {len(new) - roles} of what is missing{assign}")


def _held(wanted: Wanted, clients: AzureClients, *, there: bool) -> Rights | None:
    return rights_at(clients, wanted.names.group_id if there else f"/subscriptions/{wanted.names.subscription}")


def _rights_alone(wanted: Wanted, clients: AzureClients) -> Iterator[Diagnosis]:
    """Where what is there may not be read: as if nothing were, in a group that is."""
    if _held(wanted, clients, there=True) is None:
        yield unasked("rights", _UNREAD)
        return
    lacking = missing_rights(drawn(wanted, Observed().having(ObservedGroup())), clients)
    yield from problems("rights", lacking, _REFUSED)
    if not lacking:
        yield fine("rights", "this login may create all that a deployment has")


def _policies(plan: ResourcePlan, clients: AzureClients) -> Iterator[Diagnosis]:
    def ask() -> Iterator[Diagnosis]:
        refused = refused_by_policy(plan, clients)
        yield from problems("policies", refused, _NOT_WRITTEN)
        if not refused:
            yield fine("policies", "Azure Policy would refuse nothing of what would be created")

    return _or_unasked("policies", ask)


def _locks(wanted: Wanted, clients: AzureClients) -> Iterator[Diagnosis]:
    ids = [wanted.id_of(kind.type, name) for kind in kinds_of(wanted.host) for name in _names(kind, wanted)]

    def ask() -> Iterator[Diagnosis]:
        found = locks_on(clients, wanted.names.group_id, ids)
        yield from map(_lock, found)
        if not found:
            yield fine("locks", "there is none")

    return _or_unasked("locks", ask)


def _names(kind: Kind, wanted: Wanted) -> Iterator[str]:
    """Those of its resources that can be locked."""
    named = (name_of(wanted.resources) for name_of in kind.named_by.values())
    yield from (name for name in named if name)
    if kind.type == wanted.host.type:
        yield wanted.names.app


def _lock(lock: Lock) -> Diagnosis:
    what = f"`{lock.id.rpartition('/')[2]}` ({lock.level}) on `{lock.scope}`"
    if not lock.forbids_writing:
        return fine("locks", f"{what}: a deployment goes through, a removal does not")
    remedy = f"Ask an owner to run `az lock delete --ids {lock.id}`."
    return problem("locks", Problem(f"{what} lets nobody write", remedy), _NOT_WRITTEN)


def _or_unasked(topic: str, ask: Callable[[], Iterator[Diagnosis]]) -> Iterator[Diagnosis]:
    try:
        yield from list(ask())
    except AzureError as exc:
        yield unasked(topic, explain(exc, f"read the {topic}").reason)
