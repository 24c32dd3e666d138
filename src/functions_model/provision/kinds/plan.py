"""The plan: made when it is missing; one that is there is used whatever its size, if it can carry the app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

from functions_model.core.failures import Problem
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.kind import Kind, Look
from functions_model.provision.kinds import provider, resource_group
from functions_model.provision.observed_app import ObservedApp, ObservedSite
from functions_model.provision.other_groups import not_there
from functions_model.provision.plan_sizes import (
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
from functions_model.provision.regions import same_region

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.provision.kind import Writing
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

KIND = "plan"
TYPE = "Microsoft.Web/serverfarms"
_OTHER_PLAN = "Set `plan-name` to a Linux plan of a size such as EP1, P1v3 or B1, or to a new name."

_REFUSED_TIERS = {
    "dynamic": "a Consumption plan, which runs no containers of one's own",
    "flexconsumption": "a Flex Consumption plan, which runs no containers of one's own",
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
        group = wanted.group_of(TYPE, wanted.target.plan_name)
        plan = clients.web.app_service_plans.get(resource_group_name=group, name=wanted.target.plan_name)
    except ResourceNotFoundError:
        return None
    return _observed(plan)


def _carrying(wanted: Wanted, site: ObservedSite) -> ObservedPlan | None:
    """The plan as its app shows it; None when the app is on another plan, or is none in a Linux container."""
    plan_id = wanted.id_of(TYPE, wanted.target.plan_name)
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
    if plan is None and wanted.is_in_other_group(TYPE, wanted.target.plan_name):
        return (not_there(KIND, TYPE, wanted.target.plan_name, wanted, "plan-name"),)
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
        return f"the plan `{wanted.target.plan_name}` is {refused}"
    return "" if plan.is_linux else f"the plan `{wanted.target.plan_name}` runs Windows, and the image is for Linux"


def _region_problem(plan: ObservedPlan, wanted: Wanted) -> Problem:
    """An app must be in its plan's region. To put all else into the other one is nobody's wish."""
    region, location = same_region(plan.location), wanted.target.location
    what = (
        f"the plan `{wanted.target.plan_name}` is in `{region}`, where its apps must be, and `location` is `{location}`"
    )
    remedy = f"Set `location` to `{region}`, or `plan-name` to a plan in `{location}` or to a new name."
    return Problem(what, remedy, "location")


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create, keep, or change the size to the one that was asked for."""
    name, live = wanted.target.plan_name, observed.of(ObservedPlan)
    resource_id = wanted.id_of(TYPE, name)
    if live is None:
        depends_on = (resource_group.key(wanted), *provider.keys(provider.WEB))
        return (Change(KIND, name, Action.CREATE, _made_of(wanted), "it does not exist", depends_on, resource_id),)
    if fields := size_changes(wanted, live):
        names = ", ".join(field.name for field in fields)
        reason = f"{names} {'differs' if len(fields) == 1 else 'differ'} from what the inputs say"
        return (Change(KIND, name, Action.UPDATE, fields, reason, resource_id=resource_id),)
    return (Change(KIND, name, Action.KEEP, resource_id=resource_id),)


def _made_of(wanted: Wanted) -> tuple[FieldChange, ...]:
    numbers = ((MINIMUM, wanted.target.plan_minimum), (MAXIMUM, wanted.target.plan_maximum))
    return (
        FieldChange(SIZE, None, wanted.target.plan_sku),
        *(FieldChange(name, None, str(number)) for name, number in numbers if number),
        FieldChange("operating system", None, "Linux"),
        FieldChange("location", None, wanted.target.location),
    )


def write(writing: Writing, observed: Observed) -> ObservedPlan:
    """Create it, or change its size, and wait until that is so (about 20 s)."""
    wanted, live = writing.wanted, observed.of(ObservedPlan)
    body = _new(wanted) if live is None else _resized(writing, live)
    poller = writing.clients.web.app_service_plans.begin_create_or_update(
        resource_group_name=wanted.group_of(TYPE, wanted.target.plan_name),
        name=wanted.target.plan_name,
        app_service_plan=body,
    )
    return _observed(poller.result())


def _new(wanted: Wanted) -> Any:
    """By its size alone, as terraform does: which tier that is, is for Azure to say.

    hashicorp/terraform-provider-azurerm, internal/services/appservice/service_plan_resource.go:219.
    """
    elastic = tier_of(wanted.target.plan_sku) == ELASTIC
    sku: dict[str, Any] = {"name": wanted.target.plan_sku}
    properties: dict[str, Any] = {"reserved": True}
    least, most = instances_to_be(wanted, None)
    if wanted.target.plan_minimum:
        sku["capacity"] = least
    if elastic and (wanted.target.plan_minimum or wanted.target.plan_maximum):
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
    group = wanted.group_of(TYPE, wanted.target.plan_name)
    body = writing.clients.web.app_service_plans.get(resource_group_name=group, name=wanted.target.plan_name).as_dict()
    size = size_to_be(wanted, live)
    least, most = instances_to_be(wanted, live)
    body["sku"] = {"name": size, "capacity": least}
    if tier_of(size) == ELASTIC:
        body.setdefault("properties", {})["maximumElasticWorkerCount"] = most
    return body


def key(wanted: Wanted) -> str:
    """What the app depends on."""
    return key_of(KIND, wanted.target.plan_name)


PLAN = Kind(KIND, difference, write, looks=(Look(KIND, (ObservedPlan,), observe),), problems=problems)
