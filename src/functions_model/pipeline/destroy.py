"""The story of a removal: log in, look, show what would go, and let it go.

It needs nothing of a model, a registry or an environment: only a login, and the names that the resources have. Image
and registry are never touched. Mode `plan-destroy` ends after the plan.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import resolve_cloud
from functions_model.azure.login import credential_for, warm_up
from functions_model.core.spec import Mode
from functions_model.pipeline.events import PlanApplied, RemovalPlanned
from functions_model.pipeline.writing import run_context
from functions_model.provision.removal import removal_plan, remove, survey

if TYPE_CHECKING:
    from functions_model.core.removal import RemovalSpec
    from functions_model.pipeline.parts import Parts


def destroy(spec: RemovalSpec, parts: Parts) -> None:
    """Remove what this tool has made of a deployment.

    Raises:
        LoginFailed: Microsoft Entra ID refused.
        PlanRefused: What is there cannot be read.
        ApplyIncomplete: A resource could not be deleted.
    """
    with ExitStack() as stack:
        clients = _log_in(spec, parts, stack)
        with parts.stage("Plan"):
            found = survey(clients, spec)
            plan = removal_plan(spec, found, clients.cloud.portal)
            parts.tell(RemovalPlanned(plan))
        if spec.mode is Mode.PLAN_DESTROY or not plan.has_changes:
            return
        with parts.stage("Remove"):
            removed = remove(plan, clients, run_context(parts))
            parts.tell(PlanApplied(removed))


def _log_in(spec: RemovalSpec, parts: Parts, stack: ExitStack) -> AzureClients:
    """For Resource Manager alone: the registry is not asked anything."""
    with parts.stage("Log in"):
        cloud = resolve_cloud(spec.login.cloud)
        credential = stack.enter_context(closing(credential_for(spec.login, cloud, parts.ci)))
        warm_up(credential, [cloud.arm_scope])
        parts.ci.info(f"Logged in to {cloud.name} as {spec.login.client_id}.")
    clients = AzureClients(credential, spec.names.subscription, cloud)
    return stack.enter_context(closing(clients))
