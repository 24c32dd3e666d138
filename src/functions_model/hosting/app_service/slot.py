"""The deployment slot: a site beside the app that takes the new version, with a host and settings of its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from azure.core.exceptions import ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.core.failures import Problem
from functions_model.hosting.app_service import app as function_app
from functions_model.hosting.app_service.key_vault import slots_reference_problems
from functions_model.hosting.app_service.likeness import likeness, likeness_changes, likeness_problems
from functions_model.hosting.app_service.nouns import ObservedApp, ObservedSlot
from functions_model.hosting.app_service.plan_sizes import ObservedPlan, tier_of
from functions_model.hosting.app_service.reading import read_app, read_belongings
from functions_model.hosting.app_service.site import Site, site_writing
from functions_model.hosting.app_service.slot_settings import for_slot, make_sticky, sticky_changes, sticky_names
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.host import Kind, Look, Wanted, Writing
from functions_model.provision.nouns import NameQuestion
from functions_model.provision.observed import Observed
from functions_model.provision.places import ObservedNames
from functions_model.provision.removable import Deletion, Removal

KIND = "deployment slot"
TYPE = "Microsoft.Web/sites/slots"
_MOST = (("Standard", 5), ("Premium", 20), ("Isolated", 20), ("ElasticPremium", 2))
"""Slots beside production, by the beginning of a plan's tier; other tiers have none.
https://learn.microsoft.com/azure/azure-functions/functions-scale#service-limits."""


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedSlot | None:  # noqa: ARG001
    """The slot of that name, the others, what stays with its slot, and what app and slot have beside settings."""
    if not wanted.names.candidate:
        return None
    apps, where = clients.web.web_apps, (wanted.names.group, wanted.names.app)
    ours, its = Site(clients, wanted.names.at()), Site(clients, wanted.names)
    with ThreadPoolExecutor(max_workers=5) as threads:
        slots = threads.submit(lambda: [str(one.name).rpartition("/")[2] for one in apps.list_slots(*where)])
        sticky = threads.submit(apps.list_slot_configuration_names, *where)
        app = threads.submit(read_app, its)
        of_app, own = (threads.submit(read_belongings, one) for one in (ours, its))
        try:
            names, held = slots.result(), sticky.result()
        except ResourceNotFoundError:
            return None
        strings, mounts = held.connection_string_names or (), held.azure_storage_config_names or ()
        return ObservedSlot(
            app.result(),
            tuple(name for name in names if name.lower() != wanted.names.candidate.lower()),
            tuple(held.app_setting_names or ()),
            (tuple(strings), tuple(mounts)),
            of_app.result(),
            own.result(),
        )


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A host's name that is taken; a plan that has no slots, or no more; what a swap would take from the app."""
    if wanted.names.candidate and function_app.through_slot(wanted, observed):
        others = (*likeness_problems(wanted, observed), *slots_reference_problems(wanted, observed))
        return (*_room_problems(wanted, observed), *others)
    return _room_problems(wanted, observed)


def _room_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    host = _host_name(wanted)
    if refusal := observed.all_of(ObservedNames).refusal(TYPE, host):
        what = f"the slot `{_name(wanted)}` cannot be created: {refusal.reason}"
        remedy = (
            "Set `slot-name` to another name: the slot's host must be unique in all of Azure. If another run creates "
            "this slot at the moment, run again when it has ended."
        )
        return (Problem(what, remedy, "slot-name"),)
    live = observed.of(ObservedPlan)
    tier = tier_of(wanted.target.hosting.sku) if live is None or wanted.target.hosting.sku_given else live.tier
    if not wanted.names.candidate or not tier:
        return ()
    most = next((number for name, number in _MOST if tier.startswith(name)), 0)
    if most == 0:
        what = f"the plan `{wanted.resources.plan}` is of the tier {tier}, which has no deployment slots"
        remedy = "Set `plan-sku` to S1, P0v3, EP1 or larger, or leave `slot-name` out."
        return (Problem(what, remedy, "slot-name"),)
    there = observed.of(ObservedSlot)
    if there is None or there.app is not None or len(there.others) < most:
        return ()
    have = ", ".join(f"`{name}`" for name in there.others)
    what = f"a plan of the tier {tier} allows {most} slots besides production, and the app has {have}"
    return (Problem(what, "Set `slot-name` to one of these, or delete one of them.", "slot-name"),)


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create, update or keep; nothing when the app itself takes, or has, the new version."""
    slot = observed.of(ObservedSlot)
    live = slot.app if slot else None
    if not wanted.names.candidate:
        return ()
    if not function_app.through_slot(wanted, observed):
        reason = f"`{wanted.names.app}` itself has this version"
        return () if live is None else (Change(KIND, _name(wanted), Action.KEEP, (), reason, (), _id(wanted)),)
    own = function_app.own_difference(*for_slot(wanted, observed))
    others = (*likeness_changes(likeness(observed), observed), *_sticky_changes(wanted, observed))
    action = Action.UPDATE if own.action is Action.KEEP and others else own.action
    app = key_of(function_app.KIND, wanted.names.app)
    return (
        replace(
            own,
            kind=KIND,
            name=_name(wanted),
            action=action,
            fields=(*own.fields, *others),
            reason=own.reason or ("the app has it otherwise" if others else ""),
            depends_on=() if action is Action.KEEP else (*own.depends_on, app),
            resource_id=_id(wanted),
        ),
    )


def _sticky_changes(wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    slot = observed.of(ObservedSlot)
    return sticky_changes(sticky_names(wanted, observed), slot.sticky if slot else ())


def write(writing: Writing, observed: Observed) -> ObservedSlot:
    """First which settings stay with their slot, then the slot itself: it must not start with a trigger that is on."""
    wanted = writing.wanted
    names = sticky_names(wanted, observed)
    if _sticky_changes(wanted, observed):
        writing.patience.through(lambda: make_sticky(writing.clients, wanted, names))
    as_app, view = for_slot(wanted, observed)
    live = function_app.write_site(
        site_writing(writing, wanted.names.candidate, wanted=as_app), view, likeness(observed)
    )
    known = observed.of(ObservedSlot) or ObservedSlot(None)
    return replace(known, app=live if isinstance(live, ObservedApp) else None, sticky=names)


def key(wanted: Wanted) -> str:
    """What the swap depends on."""
    return key_of(KIND, _name(wanted))


def _name(wanted: Wanted) -> str:
    return f"{wanted.names.app}/{wanted.names.candidate}"


def _id(wanted: Wanted) -> str:
    return f"{wanted.id_of(function_app.TYPE, wanted.names.app)}/slots/{wanted.names.candidate}"


def unique_names(clients: AzureClients, wanted: Wanted, seen: Observed) -> Iterator[NameQuestion]:
    """Its host's, where it is to be made."""
    there = seen.of(ObservedSlot)
    if function_app.through_slot(wanted, seen) and (there is None or there.app is None):
        yield function_app.site_question(clients, KIND, TYPE, _host_name(wanted))


def _host_name(wanted: Wanted) -> str:
    return f"{wanted.names.app}-{wanted.names.candidate}"


def delete(it: Deletion) -> None:
    """Delete it by `<app>/<slot>`, and leave the plan."""
    app_name, _, name = it.name.partition("/")
    it.clients.web.web_apps.delete_slot(it.group, app_name, name, delete_empty_server_farm=False)


SLOT = Kind(
    KIND,
    difference,
    write,
    looks=(Look("deployment slots", (ObservedSlot,), observe),),
    problems=problems,
    unique_names=unique_names,
    removal=Removal(
        0,
        lambda clients, group, name: clients.web.web_apps.get_slot(group, *name.split("/")),
        delete,
    ),
)
