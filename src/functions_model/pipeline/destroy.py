"""The story of a removal: log in, look, show what would go, ask whoever sits at a terminal, and let it go.

It needs nothing of a model or an environment: only a login, and the names that the resources have. Images stay. What
goes of the registry are the live tags alone, each of which keeps an image for the sake of an app that goes; the
registry is found by what the app runs. Mode `plan-destroy` ends after the plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from azure.core.exceptions import AzureError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import explain
from functions_model.azure.misread import understanding
from functions_model.core.references import ImageReference, live_tag
from functions_model.core.spec import Mode, RemovalSpec
from functions_model.hosting.known_hosts import HOSTS
from functions_model.pipeline.events import PlanApplied, RemovalPlanned
from functions_model.pipeline.live_tags import image_in_registry, untag
from functions_model.pipeline.session import World, log_in, run_context
from functions_model.provision import Action, Change, RunContext, Written
from functions_model.provision.removal import RemovalPlan, removal_plan, remove, survey

_HOST = HOSTS[0]


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
            plan = removal_plan(spec, survey(clients, spec, _HOST), cloud.portal)
            tags = tuple(tag for tag in _live_tags(clients, plan, world) if cloud.has_registry(tag.registry))
            world.tell(RemovalPlanned(replace(plan, notes=(*plan.notes, *map(_note, tags)))))
        if spec.mode is Mode.PLAN_DESTROY or not plan.has_changes:
            return
        world.confirm(plan)
        with world.stage("Remove"):
            gone: list[Written] = []
            try:
                world.tell(PlanApplied(remove(plan, clients, _listening(world, gone))))
            finally:
                # Also where something else could not be deleted: a later run finds no app, and so no registry.
                if any(one.change == _app_of(plan) for one in gone):
                    for tag in tags:
                        untag(world, tag, cloud, credential)


def _listening(world: World, gone: list[Written]) -> RunContext:
    """The run's context, which also keeps what is gone."""
    context = run_context(world)

    def keep(one: Written) -> None:
        gone.append(one)
        context.written(one)

    return replace(context, written=keep)


def _app_of(plan: RemovalPlan) -> Change | None:
    """The change that removes the app, or its candidate; None where that stays."""
    own = _HOST.id_of(plan.names).lower()
    goes = (change for change in plan.changes if change.action is Action.DELETE)
    return next((change for change in goes if change.resource_id.lower() == own), None)


def _live_tags(clients: AzureClients, plan: RemovalPlan, world: World) -> Iterator[ImageReference]:
    """Those of the app that goes and of its candidates, each in the repository of what it runs."""
    if _app_of(plan) is None:
        return
    try:
        for names in understanding(_HOST.places_of)(clients, plan.names):
            if image := image_in_registry(understanding(_HOST.image_of)(clients, names)):
                yield replace(image, tag=live_tag(_HOST.id_of(names)), digest=None)
    except AzureError as exc:
        failure = explain(exc, "look for the tags that keep images for it")
        world.ci.info(f"Note: {failure} They stay in the registry.")


def _note(tag: ImageReference) -> str:
    return f"The tag `{tag}` is removed too, if it exists: the app no longer needs that image."
