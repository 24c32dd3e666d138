"""The registry: whether it is there, whether it can be reached, and whether the login may push to it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import Cloud
from functions_model.azure.login import MaskingCredential
from functions_model.core.failures import Failure, PlanRefused, Problem, RegistryFailed
from functions_model.core.references import ImageReference
from functions_model.core.spec import DeploymentSpec, Mode, Target
from functions_model.doctor.diagnosis import Diagnosis, failure, fine, problem, problems, unasked
from functions_model.pipeline.session import Session, Subscription, World
from functions_model.provision import RegistryResource, find_registry, role_on_registry
from functions_model.provision.access.rights import rights_at
from functions_model.provision.elsewhere import grant_command
from functions_model.registry import find_manifest

_PUSH = "Microsoft.ContainerRegistry/registries/push/write"
_GROUP = "resourceGroups/GROUP"
"""What the one who is told of a missing role has to fill in, where no group is known."""


@dataclass(slots=True)
class Registry:
    """A deployment, and what of its registry is known.

    Attributes:
        spec: Its target is set.
        clients: Of the subscription.
        cloud: Where.
        credential: Who asks.
        world: What a run would have around it.
        found: None where it is not there, or not seen.
    """

    spec: DeploymentSpec
    clients: AzureClients
    cloud: Cloud
    credential: MaskingCredential
    world: World
    found: RegistryResource | None = None

    @property
    def target(self) -> Target:
        """Where the app goes."""
        if self.spec.target is None:
            raise TypeError("a deployment has a target")
        return self.spec.target


def examine_registry(registry: Registry) -> Iterator[Diagnosis]:
    """The registry, found as a deployment finds it."""
    role = role_on_registry(Mode.DEPLOY, registry.target.access)
    try:
        registry.found = find_registry(registry.clients, registry.spec.image, role)
    except PlanRefused as refused:
        yield from problems("registry", (_completed(one, registry) for one in refused.problems), refused.exit_code)
        return
    size = f", of the size {registry.found.sku}" if registry.found.sku else ""
    yield fine("registry", f"`{registry.found.login_server}` is there{size}")
    yield from _reached(registry, registry.found)
    yield _may_push(registry, registry.found)


def _completed(found: Problem, registry: Registry) -> Problem:
    """With the resource group's name, and with how to make a registry."""
    group, location = shlex.quote(registry.target.names.group), registry.target.location
    remedy = found.remedy.replace(_GROUP, f"resourceGroups/{group}")
    name = registry.spec.image.registry_name
    if found.subject == "registry" and name and not registry.spec.image.registry_subscription:
        made_in = shlex.quote(registry.spec.image.registry_group or registry.target.names.group)
        create = f"az acr create --name {name} --resource-group {made_in} --sku Basic --location {location}"
        remedy += f" If there is none yet, and its group is there, create it: `{create}`."
    return Problem(found.what, remedy, found.subject, found.location)


def _reached(registry: Registry, found: RegistryResource) -> Iterator[Diagnosis]:
    """With a token of the login, as a push asks it."""
    session = Session(
        registry.world,
        found.login_server,
        registry.cloud,
        registry.credential,
        Subscription(registry.clients, found),
    )
    image = ImageReference(found.login_server, registry.spec.image.repository, tag="latest")
    try:
        find_manifest(session.client_of(found.login_server), image)
    except Failure as error:
        yield from failure("registry", error)
    else:
        yield fine("registry", "it answers this machine, and takes the login's token")


def _may_push(registry: Registry, found: RegistryResource) -> Diagnosis:
    if found.abac:
        return unasked("push", "the registry has roles by repository, which Resource Manager does not tell")
    held = rights_at(registry.clients, found.id)
    if held is None:
        return unasked("push", "this login may not read its own rights there")
    if held.allows(_PUSH):
        return fine("push", f"this login may push to `{found.login_server}`")
    command = grant_command(registry.clients, "AcrPush", found.id)
    what = f"this login may not push to `{found.login_server}` (it lacks `{_PUSH}`)"
    return problem("push", Problem(what, f"Ask an owner to run `{command}`."), RegistryFailed.exit_code)
