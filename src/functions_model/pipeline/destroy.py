"""The story of a removal: log in, look, show what would go, ask whoever sits at a terminal, and let it go.

It needs nothing of a model, a registry or an environment: only a login, and the names that the resources have. Image
and registry are never touched. Mode `plan-destroy` ends after the plan.
"""

from __future__ import annotations

from contextlib import closing

from functions_model.azure.clients import AzureClients
from functions_model.core.spec import Mode, RemovalSpec
from functions_model.hosting.known_hosts import HOSTS
from functions_model.pipeline.events import PlanApplied, RemovalPlanned
from functions_model.pipeline.session import World, log_in, run_context
from functions_model.provision.removal import removal_plan, remove, survey


def destroy(spec: RemovalSpec, world: World) -> None:
    """Remove what this tool has made of a deployment.

    Raises:
        LoginFailed: Microsoft Entra ID refused.
        PlanRefused: What is there cannot be read.
        NotConfirmed: Somebody was asked, and did not say yes.
        ApplyIncomplete: A resource could not be deleted.
    """
    with world.stage("Log in"):
        cloud, credential = log_in(spec.login, world, registry=False)
    clients = AzureClients(credential, spec.names.subscription, cloud)
    with closing(credential), closing(clients):
        with world.stage("Plan"):
            plan = removal_plan(spec, survey(clients, spec, HOSTS[0]), cloud.portal)
            world.tell(RemovalPlanned(plan))
        if spec.mode is Mode.PLAN_DESTROY or not plan.has_changes:
            return
        world.confirm(plan)
        with world.stage("Remove"):
            world.tell(PlanApplied(remove(plan, clients, run_context(world))))
