"""Commands that take back what a run has done: for its last words, when it did not come to its end."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from functions_model.inputs.catalogue import BY_NAME
from functions_model.inputs.placing import follows
from functions_model.provision.changes import SWAP
from functions_model.provision.kinds.slot import KIND as SLOT
from functions_model.provision.observed_app import ObservedApp, ObservedSlot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_model.core.spec import DeploymentSpec, Target
    from functions_model.provision import ResourcePlan

_NO_RESOURCES = ("the image ", "the import ", "the registration ")
"""Beginnings of what is in a registry or belongs to the whole subscription: no removal of a deployment concerns it."""


def runs_before(plan: ResourcePlan) -> str:
    """The image that ran before; nothing for an app that was not there."""
    app = plan.observed.of(ObservedApp)
    return app.runs.removeprefix("DOCKER|") if app else ""


def way_back(spec: DeploymentSpec, target: Target, plan: ResourcePlan, touched: Sequence[str]) -> str:
    """How to take back what was done, in one sentence; nothing where nothing needs it.

    Args:
        spec: With the login.
        target: Where.
        plan: With what was there before.
        touched: What was written or begun, for people: "the plan `p`".
    """
    slot = plan.observed.of(ObservedSlot)
    resources = [one for one in touched if not one.startswith(_NO_RESOURCES)]
    if plan.observed.of(ObservedApp) is None:
        return f"To remove what was made, {_destroy(spec, target)}." if resources else ""
    if any(one.startswith(f"the {SWAP} ") for one in resources):
        swap = _command("deployment slot swap", target, "--slot", plan.wanted.names.slot)
        return f"To go back, where the swap was made: `{swap}`."
    if f"the function app `{target.names.app}`" in resources:
        image = _command("config set", target, "--linux-fx-version", f"DOCKER|{runs_before(plan)}")
        return f"To go back, run the workflow of the version before; for the image alone, `{image}`."
    is_new = slot is None or slot.app is None
    if is_new and f"the {SLOT} `{target.names.app}/{target.names.slot}`" in resources:
        return f"To remove the slot, {_destroy(spec, target, target.names.slot or '')}."
    return ""


def _destroy(spec: DeploymentSpec, target: Target, slot: str = "") -> str:
    """Both doors to a removal: of one slot, or of all. A step that names a slot would take the slot alone."""
    given = (("slot-name", target.names.slot and not slot), ("swap", target.swap))
    without = " and ".join(f"`{name}`" for name, is_in_the_way in given if is_in_the_way)
    step = f"run this step with `mode: destroy`{f' and without {without}' if without else ''}"
    return f"{step}, or `{shlex.join([*_removal(spec, target), *(('--slot-name', slot) if slot else ())])}`"


def _removal(spec: DeploymentSpec, target: Target) -> list[str]:
    """With every name that does not follow from the app's; what lies in another group is never removed."""
    login = () if spec.login is None else ("--tenant-id", spec.login.tenant_id, "--client-id", spec.login.client_id)
    cloud = ("--cloud", spec.login.cloud) if spec.login and spec.login.cloud != BY_NAME["cloud"].default else ()
    names = {
        "plan-name": target.plan_name,
        "identity-name": target.identity_name,
        "storage-account": target.storage_account,
        "data-storage-account": target.data_storage_account,
        "service-bus-namespace": target.service_bus_namespace,
        "application-insights": target.application_insights,
        "log-analytics-workspace": target.log_analytics_workspace,
    }
    given = [
        word
        for name, value in names.items()
        if value and value != follows(name, target.names) and name not in target.other_groups
        for word in (f"--{name}", value)
    ]
    place = ("--subscription-id", target.names.subscription, *_place(target, "--app-name"))
    return ["functions-model", "destroy", *login, *cloud, *place, *given]


def _command(what: str, target: Target, *more: str) -> str:
    return shlex.join(["az", "functionapp", *what.split(), *_place(target, "--name"), *more])


def _place(target: Target, name: str) -> tuple[str, ...]:
    return "--resource-group", target.names.group, name, target.names.app
