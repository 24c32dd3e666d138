"""Whether Azure would make the plan: its own answer, asked before anything is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import HttpResponseError

from functions_model.azure.errors import explain, explain_answer
from functions_model.core.failures import Problem
from functions_model.provision.kind import Look
from functions_model.provision.kinds import plan
from functions_model.provision.observed import ObservedGroup
from functions_model.provision.plan_sizes import ObservedPlan, ObservedPlanRoom, tier_of
from functions_model.provision.regions import no_such_region, same_region

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.azure.errors import ServiceError
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

_LISTED = re.compile(r"available regions[^']*'([a-z0-9,]+)'")
"""Resource Manager: `List of available regions for the resource type is 'eastus,westeurope'.`"""
_THERE = "ServerFarmAlreadyExists"
"""Somebody made it since we looked: the write will use it."""


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedPlanRoom | None:
    """Why a plan that is to be made cannot be; one request at most, and none when it is there.

    A group can be bound to workers without Linux, and a region can lack the size or the quota. Resource Manager says so
    for a group that is there (`validate`); without one, the regions that have the tier are listed.
    """
    if (
        seen.of(ObservedPlan) is not None
        or wanted.is_in_other_group(plan.TYPE, wanted.target.plan_name)
        or tier_of(wanted.target.plan_sku) is None
    ):
        return None
    try:
        return _by_regions(clients, wanted) if seen.of(ObservedGroup) is None else _by_validation(clients, wanted)
    except HttpResponseError as exc:
        # A login whose rights end at the group may not ask, nor may anybody before Microsoft.Web is registered.
        # The write will tell.
        return _refused_region(wanted, explain(exc, "make the plan"))


def _refused_region(wanted: Wanted, error: ServiceError) -> ObservedPlanRoom | None:
    """A region that there is none of: refused with a list of those that there are. None for another refusal."""
    named = _LISTED.search(error.message)
    if error.cause != "region-unknown" or named is None:
        return None
    return ObservedPlanRoom(no_such_region(wanted.target.location, named[1].split(",")))


def _by_validation(clients: AzureClients, wanted: Wanted) -> ObservedPlanRoom | None:
    body: Any = {
        "name": wanted.target.plan_name,
        "type": "ServerFarm",
        "location": wanted.target.location,
        "properties": {
            "skuName": wanted.target.plan_sku,
            "needLinuxWorkers": True,
            "capacity": wanted.target.plan_minimum or 1,
        },
    }
    answer = clients.web.validate(wanted.names.group, body)
    if str(answer.status).lower() != "failure" or answer.error is None or answer.error.code == _THERE:
        return None
    said = explain_answer(str(answer.error.code or ""), str(answer.error.message or ""), "make the plan")
    plan_of_size = f"the plan `{wanted.target.plan_name}` ({wanted.target.plan_sku})"
    what = f"Azure would not make {plan_of_size} in `{wanted.names.group}`: {said.reason}"
    subject = "resource-group" if said.cause == "group-on-other-system" else "plan-sku"
    return ObservedPlanRoom(Problem(what, said.remedy, subject))


def _by_regions(clients: AzureClients, wanted: Wanted) -> ObservedPlanRoom | None:
    tier: Any = tier_of(wanted.target.plan_sku)
    names = [str(one.name) for one in clients.web.list_geo_regions(sku=tier, linux_workers_enabled=True)]
    if not names or wanted.target.location in {same_region(name) for name in names}:
        return None
    location, size = wanted.target.location, wanted.target.plan_sku
    what = f"the region `{location}` has no Linux plans of the size {size} for this subscription"
    remedy = f"Set `plan-sku` to another size, or `location` to one of: {', '.join(sorted(map(same_region, names)))}."
    return ObservedPlanRoom(Problem(what, remedy, "location"))


PLAN_ROOM = Look("room for a plan", (ObservedPlanRoom,), observe, needs=(ObservedPlan,))
