"""The plan: made when it is missing; one that is there is used whatever its size, if it can carry the app."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from functions_model.core.failures import Problem
from functions_model.provision.elsewhere import not_there
from functions_model.provision.kinds import provider, resource_group
from functions_model.provision.nouns import Action, Change, FieldChange, key_of
from functions_model.provision.observed import ObservedPlan

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.provision.kind import Writing
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

KIND = "plan"
TYPE = "Microsoft.Web/serverfarms"
_OTHER_PLAN = "Set `plan-name` to a Linux plan of a size such as EP1, P1v3 or B1, or to a new name."

_TIERS = (
    (r"EP\d", "ElasticPremium"),
    (r"B\d", "Basic"),
    (r"S\d", "Standard"),
    (r"P\d", "Premium"),
    (r"P\dV2", "PremiumV2"),
    (r"P\dM?V3", "PremiumV3"),
    (r"P\dM?V4", "PremiumV4"),
    (r"I\dM?V2", "IsolatedV2"),
)
"""Sizes whose plans run containers, and the tier that Resource Manager wants beside each."""

_REFUSED_TIERS = {
    "dynamic": "a Consumption plan, which runs no containers of one's own",
    "flexconsumption": "a Flex Consumption plan, which runs no containers of one's own",
    "free": "a Free plan, which runs no function app in a container",
    "shared": "a Shared plan, which runs no function app in a container",
    "workflowstandard": "a plan for Logic Apps",
}


def tier_of(sku: str) -> str | None:
    """The tier of a size; None when plans of that size run no containers."""
    return next((tier for pattern, tier in _TIERS if re.fullmatch(pattern, sku, re.IGNORECASE)), None)


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedPlan | None:  # noqa: ARG001
    """The plan of that name."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        group = wanted.group_of(TYPE, wanted.plan_name)
        plan = clients.web.app_service_plans.get(resource_group_name=group, name=wanted.plan_name)
    except ResourceNotFoundError:
        return None
    return _observed(plan)


def _observed(plan: Any) -> ObservedPlan:
    sku = plan.sku
    return ObservedPlan(
        id=str(plan.id),
        location=str(plan.location),
        sku=str(sku.name or "") if sku else "",
        tier=str(sku.tier or "") if sku else "",
        is_linux=bool(plan.reserved),
    )


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A plan on Windows, of a tier without containers, or a wanted size that has none."""
    plan = observed.plan
    if plan is None and wanted.is_elsewhere(TYPE, wanted.plan_name):
        return (not_there(KIND, TYPE, wanted.plan_name, wanted, "plan-name"),)
    if plan is None:
        return () if tier_of(wanted.plan_sku) else (_size_problem(wanted),)
    if refused := _REFUSED_TIERS.get(plan.tier.lower()):
        what = f"the plan `{wanted.plan_name}` is {refused}"
    elif not plan.is_linux:
        what = f"the plan `{wanted.plan_name}` runs Windows, and the image is for Linux"
    else:
        return ()
    return (Problem(what, _OTHER_PLAN, "plan-name"),)


def _size_problem(wanted: Wanted) -> Problem:
    what = f"a plan of the size `{wanted.plan_sku}` runs no containers of one's own"
    return Problem(what, "Set `plan-sku` to EP1, EP2, EP3, a Premium size such as P1v3, or B1.", "plan-sku")


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create or keep."""
    resource_id = wanted.id_of(TYPE, wanted.plan_name)
    if observed.plan is not None:
        return (Change(KIND, wanted.plan_name, Action.KEEP, resource_id=resource_id),)
    fields = (
        FieldChange("size", None, wanted.plan_sku),
        FieldChange("operating system", None, "Linux"),
        FieldChange("location", None, wanted.location),
    )
    depends_on = (resource_group.key(wanted), *provider.keys(provider.WEB))
    return (Change(KIND, wanted.plan_name, Action.CREATE, fields, "it does not exist", depends_on, resource_id),)


def write(writing: Writing, observed: Observed) -> ObservedPlan:  # noqa: ARG001
    """Create it and wait until it is there (about 20 s)."""
    wanted = writing.wanted
    tier = tier_of(wanted.plan_sku)
    body: Any = {
        "location": wanted.location,
        "tags": dict(wanted.tags),
        "kind": "elastic" if tier == "ElasticPremium" else "linux",
        "sku": {"name": wanted.plan_sku, "tier": tier},
        "properties": {"reserved": True},
    }
    poller = writing.clients.web.app_service_plans.begin_create_or_update(
        resource_group_name=wanted.group, name=wanted.plan_name, app_service_plan=body
    )
    return _observed(poller.result())


def key(wanted: Wanted) -> str:
    """What the app depends on."""
    return key_of(KIND, wanted.plan_name)
