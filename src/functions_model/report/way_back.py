"""Commands that take back what a run has done: for its last words, when it did not come to its end."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from functions_model.core.names import CANDIDATE, MOVE
from functions_model.hosting.known_hosts import host_of
from functions_model.inputs.catalogue import BY_NAME
from functions_model.inputs.placing import follows
from functions_model.provision.changes import Action
from functions_model.provision.observed import LiveApp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_model.core.spec import DeploymentSpec, Target
    from functions_model.provision import ResourcePlan

_NO_RESOURCES = ("the image ", "the import ", "the registration ")
"""Beginnings of what is in a registry or belongs to the whole subscription: no removal of a deployment concerns it."""


def runs_before(plan: ResourcePlan) -> str:
    """The image that ran before; nothing for an app that was not there."""
    app = plan.observed.of(LiveApp)
    return app.image if app else ""


def way_back(spec: DeploymentSpec, target: Target, plan: ResourcePlan, touched: Sequence[str]) -> str:
    """How to take back what was done, in one sentence; nothing where nothing needs it.

    Args:
        spec: With the login.
        target: Where.
        plan: With what was there before.
        touched: What was written or begun, for people: "the plan `p`".
    """
    host, names = host_of(target), plan.wanted.names
    resources = [one for one in touched if not one.startswith(_NO_RESOURCES)]
    if plan.observed.of(LiveApp) is None:
        return f"To remove what was made, {_destroy(spec, target)}." if resources else ""
    if any(one.startswith(f"the {MOVE} ") for one in resources):
        return f"To go back, where the {MOVE} was made: `{host.commands.moves(names)}`."
    if f"the {host.kind} `{names.app}`" in resources:
        image = host.commands.puts_back(names, runs_before(plan))
        return f"To go back, run the workflow of the version before; for the image alone, `{image}`."
    made = [one for one in plan.changes if one.action is Action.CREATE and one.name == names.candidate_of_app]
    if any(str(one) in resources for one in made):
        return f"To remove the {CANDIDATE}, {_destroy(spec, target, names.candidate)}."
    return ""


def _destroy(spec: DeploymentSpec, target: Target, candidate: str = "") -> str:
    """Both doors to a removal: of one candidate, or of all. A step that names one would take that alone."""
    given = ((f"{CANDIDATE}-name", target.names.candidate and not candidate), (MOVE, target.hosting.swap))
    without = " and ".join(f"`{name}`" for name, is_in_the_way in given if is_in_the_way)
    step = f"run this step with `mode: destroy`{f' and without {without}' if without else ''}"
    alone = (f"--{CANDIDATE}-name", candidate) if candidate else ()
    return f"{step}, or `{shlex.join([*_removal(spec, target), *alone])}`"


def _removal(spec: DeploymentSpec, target: Target) -> list[str]:
    """With every name that does not follow from the app's; what lies in another group is never removed."""
    login = () if spec.login is None else ("--tenant-id", spec.login.tenant_id, "--client-id", spec.login.client_id)
    cloud = ("--cloud", spec.login.cloud) if spec.login and spec.login.cloud != BY_NAME["cloud"].default else ()
    names = {
        "plan-name": target.resources.plan,
        "identity-name": target.resources.identity,
        "storage-account": target.resources.storage_account,
        "data-storage-account": target.resources.data_storage_account,
        "service-bus-namespace": target.resources.service_bus_namespace,
        "application-insights": target.resources.application_insights,
        "log-analytics-workspace": target.resources.log_analytics_workspace,
    }
    given = [
        word
        for name, value in names.items()
        if value and value != follows(name, target.names) and name not in target.resources.other_groups
        for word in (f"--{name}", value)
    ]
    at = target.names
    place = ("--subscription-id", at.subscription, "--resource-group", at.group, "--app-name", at.app)
    return ["functions-model", "destroy", *login, *cloud, *place, *given]
