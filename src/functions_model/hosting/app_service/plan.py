"""The plan: made when it is missing; one that is there is used whatever its size, if it can carry the app."""

from __future__ import annotations

import re
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import ServiceError, explain, explain_answer
from functions_model.azure.finishing import finished
from functions_model.core.failures import Problem
from functions_model.hosting.app_service.nouns import ObservedApp, ObservedSite
from functions_model.hosting.app_service.plan_sizes import (
    ELASTIC,
    MAXIMUM,
    MINIMUM,
    SIZE,
    ObservedPlan,
    ObservedPlanRoom,
    asks_for_size,
    instances_to_be,
    size_changes,
    size_problems,
    size_to_be,
    tier_of,
)
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.host import Kind, Look, Wanted, Writing
from functions_model.provision.kinds import provider, resource_group
from functions_model.provision.observed import Observed, ObservedGroup
from functions_model.provision.places import no_such_region, not_there, same_region
from functions_model.provision.removable import Deletion, Removal

KIND = "plan"
TYPE = "Microsoft.Web/serverfarms"
PROVIDER = "Microsoft.Web"
_OTHER_PLAN = "Set `plan-name` to a Linux plan of a size such as EP1, P1v3 or B1, or to a new name."

_REFUSED_TIERS = {
    "dynamic": "a Consumption plan, which runs no custom containers",
    "flexconsumption": "a Flex Consumption plan, which runs no custom containers",
    "free": "a Free plan, which runs no function app in a container",
    "shared": "a Shared plan, which runs no function app in a container",
    "workflowstandard": "a plan for Logic Apps",
}


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedPlan | None:
    """The plan of that name. One that carries the app already is not asked for, unless another size may be wanted."""
    site = seen.of(ObservedSite)
    if site and not asks_for_size(wanted) and (carrying := _carrying(wanted, site)):
        return carrying
    try:
        group = wanted.group_of(TYPE, wanted.resources.plan)
        plan = clients.web.app_service_plans.get(resource_group_name=group, name=wanted.resources.plan)
    except ResourceNotFoundError:
        return None
    return _observed(plan)


def _carrying(wanted: Wanted, site: ObservedSite) -> ObservedPlan | None:
    """The plan as its app shows it; None when the app is on another plan, or is none in a Linux container."""
    plan_id = wanted.id_of(TYPE, wanted.resources.plan)
    if site.plan_id.lower() != plan_id.lower() or "linux" not in site.kind.lower().split(","):
        return None
    return ObservedPlan(plan_id, site.location, "", site.tier, is_linux=True, capacity=1, maximum=1)


def _observed(plan: Any) -> ObservedPlan:
    sku = plan.sku
    return ObservedPlan(
        id=str(plan.id),
        location=str(plan.location),
        sku=str(sku.name or "") if sku else "",
        tier=str(sku.tier or "") if sku else "",
        is_linux=bool(plan.reserved),
        capacity=int((sku and sku.capacity) or 1),
        maximum=int(plan.maximum_elastic_worker_count or 1),
    )


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A plan on Windows, of a tier without containers, or in another region; a size that cannot be."""
    plan = observed.of(ObservedPlan)
    if plan is None and wanted.is_in_other_group(TYPE, wanted.resources.plan):
        return (not_there(KIND, TYPE, wanted.resources.plan, wanted, "plan-name"),)
    if plan is not None and (what := _unfit(plan, wanted)):
        return (Problem(what, _OTHER_PLAN, "plan-name"),)
    if provider.problems(wanted, observed):
        return size_problems(wanted, plan)
    if plan is not None and observed.of(ObservedApp) is None and same_region(plan.location) != wanted.target.location:
        return (_region_problem(plan, wanted),)
    room = observed.all_of(ObservedPlanRoom).refusal
    return (*size_problems(wanted, plan), *((room,) if room else ()))


def _unfit(plan: ObservedPlan, wanted: Wanted) -> str:
    """Why a live plan cannot carry the app; empty when it can."""
    if refused := _REFUSED_TIERS.get(plan.tier.lower()):
        return f"the plan `{wanted.resources.plan}` is {refused}"
    return "" if plan.is_linux else f"the plan `{wanted.resources.plan}` runs Windows, and the image is for Linux"


def _region_problem(plan: ObservedPlan, wanted: Wanted) -> Problem:
    """An app must be in its plan's region. To put all else into the other one is nobody's wish."""
    region, location = same_region(plan.location), wanted.target.location
    what = (
        f"the plan `{wanted.resources.plan}` is in `{region}`, where its apps must be, and `location` is `{location}`"
    )
    remedy = f"Set `location` to `{region}`, or `plan-name` to a plan in `{location}` or to a new name."
    return Problem(what, remedy, "location")


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create, keep, or change the size to the one that was asked for."""
    name, live = wanted.resources.plan, observed.of(ObservedPlan)
    resource_id = wanted.id_of(TYPE, name)
    if live is None:
        depends_on = (resource_group.key(wanted), *provider.keys(PROVIDER))
        return (Change(KIND, name, Action.CREATE, _made_of(wanted), "it does not exist", depends_on, resource_id),)
    if fields := size_changes(wanted, live):
        names = ", ".join(field.name for field in fields)
        reason = f"{names} {'differs' if len(fields) == 1 else 'differ'} from what the inputs say"
        return (Change(KIND, name, Action.UPDATE, fields, reason, resource_id=resource_id),)
    return (Change(KIND, name, Action.KEEP, resource_id=resource_id),)


def _made_of(wanted: Wanted) -> tuple[FieldChange, ...]:
    numbers = ((MINIMUM, wanted.target.hosting.minimum), (MAXIMUM, wanted.target.hosting.maximum))
    return (
        FieldChange(SIZE, None, wanted.target.hosting.sku),
        *(FieldChange(name, None, str(number)) for name, number in numbers if number),
        FieldChange("operating system", None, "Linux"),
        FieldChange("location", None, wanted.target.location),
    )


def write(writing: Writing, observed: Observed) -> ObservedPlan:
    """Create it, or change its size, and wait until that is so (about 20 s)."""
    wanted, live = writing.wanted, observed.of(ObservedPlan)
    body: Any = _new(wanted) if live is None else _resized(writing, live)
    poller = writing.clients.web.app_service_plans.begin_create_or_update(
        resource_group_name=wanted.group_of(TYPE, wanted.resources.plan),
        name=wanted.resources.plan,
        app_service_plan=body,
    )
    return _observed(finished(poller))


def _new(wanted: Wanted) -> dict[str, Any]:
    """By its size alone, as terraform does: which tier that is, is for Azure to say.

    hashicorp/terraform-provider-azurerm, internal/services/appservice/service_plan_resource.go:219.
    """
    elastic = tier_of(wanted.target.hosting.sku) == ELASTIC
    sku: dict[str, Any] = {"name": wanted.target.hosting.sku}
    properties: dict[str, Any] = {"reserved": True}
    least, most = instances_to_be(wanted, None)
    if wanted.target.hosting.minimum:
        sku["capacity"] = least
    if elastic and (wanted.target.hosting.minimum or wanted.target.hosting.maximum):
        properties["maximumElasticWorkerCount"] = most
    return {
        "location": wanted.target.location,
        "tags": dict(wanted.tags),
        "kind": "elastic" if elastic else "linux",
        "sku": sku,
        "properties": properties,
    }


def _resized(writing: Writing, live: ObservedPlan) -> Any:
    """The plan as it is now, with another size: a PUT drops whatever it leaves out, tags among it."""
    wanted = writing.wanted
    group = wanted.group_of(TYPE, wanted.resources.plan)
    body = writing.clients.web.app_service_plans.get(resource_group_name=group, name=wanted.resources.plan).as_dict()
    size = size_to_be(wanted, live)
    least, most = instances_to_be(wanted, live)
    body["sku"] = {"name": size, "capacity": least}
    if tier_of(size) == ELASTIC:
        body.setdefault("properties", {})["maximumElasticWorkerCount"] = most
    return body


def key(wanted: Wanted) -> str:
    """What the app depends on."""
    return key_of(KIND, wanted.resources.plan)


_LISTED = re.compile(r"available regions[^']*'([a-z0-9,]+)'")
"""Resource Manager: `List of available regions for the resource type is 'eastus,westeurope'.`"""
_COUNTED = re.compile(r"web app\(?s", re.IGNORECASE)
"""Microsoft.Web: `Server farm 'x' cannot be deleted because it has web app(s) y assigned to it.`"""
_THERE = "ServerFarmAlreadyExists"
"""Somebody made it since we looked: the write will use it."""


def observe_room(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedPlanRoom | None:
    """Why a plan that is to be made cannot be; one request at most, and none when it is there.

    A group can be bound to workers without Linux, and a region can lack the size or the quota. Resource Manager says so
    for a group that is there (`validate`); without one, the regions that have the tier are listed.
    """
    if (
        seen.of(ObservedPlan) is not None
        or wanted.is_in_other_group(TYPE, wanted.resources.plan)
        or tier_of(wanted.target.hosting.sku) is None
    ):
        return None
    try:
        return _by_regions(clients, wanted) if seen.of(ObservedGroup) is None else _by_validation(clients, wanted)
    except HttpResponseError as exc:
        # A login whose rights end at the group may not ask, nor may anybody before Microsoft.Web is registered.
        # The write will tell.
        error = explain(exc, "make the plan")
        return _refused_region(wanted, error) or ObservedPlanRoom(unknown=error.reason)


def _refused_region(wanted: Wanted, error: ServiceError) -> ObservedPlanRoom | None:
    """A region that there is none of: refused with a list of those that there are. None for another refusal."""
    named = _LISTED.search(error.message)
    if error.cause != "region-unknown" or named is None:
        return None
    return ObservedPlanRoom(no_such_region(wanted.target.location, named[1].split(",")))


def _by_validation(clients: AzureClients, wanted: Wanted) -> ObservedPlanRoom | None:
    body: Any = {
        "name": wanted.resources.plan,
        "type": "ServerFarm",
        "location": wanted.target.location,
        "properties": {
            "skuName": wanted.target.hosting.sku,
            "needLinuxWorkers": True,
            "capacity": wanted.target.hosting.minimum or 1,
        },
    }
    answer = clients.web.validate(wanted.names.group, body)
    if str(answer.status).lower() != "failure" or answer.error is None or answer.error.code == _THERE:
        return None
    said = explain_answer(str(answer.error.code or ""), str(answer.error.message or ""), "make the plan")
    plan_of_size = f"the plan `{wanted.resources.plan}` ({wanted.target.hosting.sku})"
    what = f"Azure would not create {plan_of_size} in `{wanted.names.group}`: {said.reason}"
    subject = "resource-group" if said.cause == "group-on-other-system" else "plan-sku"
    return ObservedPlanRoom(Problem(what, said.remedy, subject))


def _by_regions(clients: AzureClients, wanted: Wanted) -> ObservedPlanRoom | None:
    tier: Any = tier_of(wanted.target.hosting.sku)
    names = [str(one.name) for one in clients.web.list_geo_regions(sku=tier, linux_workers_enabled=True)]
    if not names or wanted.target.location in {same_region(name) for name in names}:
        return None
    location, size = wanted.target.location, wanted.target.hosting.sku
    what = f"the region `{location}` has no Linux plans of the size {size} for this subscription"
    remedy = f"Set `plan-sku` to another size, or `location` to one of: {', '.join(sorted(map(same_region, names)))}."
    return ObservedPlanRoom(Problem(what, remedy, "location"))


def delete(it: Deletion) -> None:
    """Delete it. An app that has just been deleted may still be counted, and the plan refused with 409."""
    plans = it.clients.web.app_service_plans

    def is_gone() -> bool:
        try:
            plans.delete(it.group, it.name)
        except ResourceExistsError as exc:
            if not _COUNTED.search(str(exc)) or list(plans.list_web_apps(it.group, it.name)):
                raise
            return False
        return True

    it.patience.until(is_gone, "the end of the plan's last app")


PLAN = Kind(
    KIND,
    difference,
    write,
    looks=(
        Look(KIND, (ObservedPlan,), observe),
        Look("room for a plan", (ObservedPlanRoom,), observe_room, needs=(ObservedPlan,)),
    ),
    problems=problems,
    type=TYPE,
    named_by={"plan-name": lambda names: names.plan},
    awaits_checks=True,
    removal=Removal(
        2,
        lambda clients, group, name: clients.web.app_service_plans.get(group, name),
        delete,
    ),
    body=lambda wanted, _: _new(wanted),
)
