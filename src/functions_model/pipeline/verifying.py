"""Verifying what was delivered, and what ran before it; with `verify-trigger: send`, a probe through the trigger."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from functions_model.azure.clients import AzureClients
from functions_model.azure.data import key_credential, open_blobs
from functions_model.azure.queue_data import open_queues
from functions_model.bundle.deployable import AppImage, told_by_variables
from functions_model.core.failures import Failure, NotLive
from functions_model.core.references import parse_reference
from functions_model.core.spec import (
    AuthLevel,
    BlobTrigger,
    DeploymentSpec,
    HttpTrigger,
    Model,
    ServiceBusQueueTrigger,
    Trigger,
)
from functions_model.hosting.known_hosts import host_of
from functions_model.pipeline.session import Session, World, run_context
from functions_model.provision import Applied, LiveApp, ResourcePlan, data_place, readiness
from functions_model.provision.access.data_place import DataPlace
from functions_model.provision.endpoint import Endpoint
from functions_model.provision.releases import ReleasingHost
from functions_model.registry import pull_base
from functions_model.verify import LISTENING_SECONDS, Expected, Reach, Reached, Verified, verify
from functions_model.verify.blob_probe import BlobProbe
from functions_model.verify.probe import Owner, Probe, prove_trigger
from functions_model.verify.queue_probe import QueueProbe
from functions_model.verify.scoring import content_type
from functions_model.verify.sources import Sources


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a run has brought to its app, to be verified.

    Attributes:
        spec: How it is verified.
        session: What the run can reach.
        clients: Of the subscription.
        app: The image, however it came to be.
        plan: With what was there before.
        applied: What was written.
    """

    spec: DeploymentSpec
    session: Session
    clients: AzureClients
    app: AppImage
    plan: ResourcePlan
    applied: Applied

    @property
    def host(self) -> ReleasingHost:
        """Where the app runs."""
        return host_of(self.plan.wanted.target)

    @property
    def world(self) -> World:
        """What the run has around it."""
        return self.session.world

    @property
    def before(self) -> LiveApp | None:
        """The app as it was before; None when it is new."""
        return self.plan.observed.of(LiveApp)


def verify_here(delivered: Delivered, *, candidate: bool = False) -> Verified:
    """Verify that the app is live with what was delivered.

    Args:
        delivered: What was brought to Azure.
        candidate: The version beside it is meant, whose trigger is off.

    Raises:
        NotLive: It is not, or its trigger cannot work.
        Overtaken: Somebody else has deployed to it.
    """
    spec, app, world = delivered.spec, delivered.app, delivered.world
    expected = Expected(
        build_id=app.build_id,
        functions=app.functions,
        auth_level=app.trigger.auth_level,
        route_prefix=app.route_prefix,
        sample_request=spec.sample_request,
        sample_function=sample_function(app.trigger),
        new_roles=delivered.applied.assigned_roles,
        image=app.reference.pinned,
        reached=reached(delivered.plan, delivered.clients),
        listening_seconds=0.0 if candidate else _listening(app.trigger.kind, world.listening_seconds),
        sources=sources_of(spec),
    )
    endpoint = delivered.host.endpoint(delivered.clients, delivered.plan, delivered.applied, candidate=candidate)
    return _verify(delivered, endpoint, expected)


def sources_of(spec: DeploymentSpec) -> Sources:
    """Where the script's files come from."""
    code, models = spec.code, [model for model in spec.models if isinstance(model, Model)]
    return Sources(
        spec.workspace,
        code.source_directory if code else None,
        code.entry_script if code else None,
        models[0].path.parent if len(models) == len(spec.models) == 1 else None,
    )


def reached(plan: ResourcePlan, clients: AzureClients) -> Reached | None:
    """How far a blob or queue trigger has come before anybody has seen it listen; None with an HTTP trigger.

    Args:
        plan: It was applied.
        clients: Of the subscription: Resource Manager says what of the trigger's needs is there.

    Raises:
        NotLive: The trigger cannot work; every reason is told.
    """
    if plan.wanted.data is None:
        return None
    found = readiness(plan, clients)
    if found.problems:
        reason = "; ".join(problem.what for problem in found.problems)
        remedy = " ".join(dict.fromkeys(problem.remedy for problem in found.problems))
        raise NotLive(f"verify the trigger of the function app `{plan.wanted.names.app}`", reason, remedy)
    return Reached(Reach.UNKNOWN if found.unseen else Reach.READY, found.unseen)


def _listening(trigger: str, given: float | None) -> float:
    """Seconds; none with an HTTP trigger."""
    if trigger not in LISTENING_SECONDS:
        return 0.0
    return LISTENING_SECONDS[trigger] if given is None else given


def verify_previous(delivered: Delivered, image: str) -> tuple[str, bool]:
    """Verify that the app runs what ran before, by the build identity in that image.

    The sample request is not sent: it belongs to the new version.

    Returns:
        What came of it, in sentences, and whether it is certain to be live.
    """
    build_id, prefix = _told_by(delivered.session, image)
    endpoint = delivered.host.endpoint(delivered.clients, delivered.plan)
    try:
        verified = _verify(delivered, endpoint, Expected(build_id, (), AuthLevel.ADMIN, prefix))
    except NotLive as failure:
        return f"It does not come alive either, and may not have been live before: `{image}`: {failure.reason}.", False
    if not build_id:
        runs = "It answers" if verified.unseen else "Its host runs"
        why = f"{runs}; which build answers cannot be told, as the image does not say."
    elif verified.unproven:
        why = f"Whether `init()` has run there could not be seen: {verified.unproven}."
    else:
        return f"It is live again after {verified.seconds:.1f} s: `{image}`.", True
    return f"It is back after {verified.seconds:.1f} s, unproven: `{image}`. {why}", False


def _verify(delivered: Delivered, endpoint: Endpoint, expected: Expected) -> Verified:
    context = run_context(delivered.world)
    return verify(endpoint, expected, timeout=delivered.spec.verify_timeout, context=context)


def sample_function(trigger: Trigger) -> str:
    """Where the sample goes: to the scoring function itself, or to the check function beside another trigger."""
    return "score" if isinstance(trigger, HttpTrigger) else "check"


def _told_by(session: Session, image: str) -> tuple[str, str | None]:
    """The build identity in an image, and its route prefix; empty and None for one that has none, or cannot be read."""
    try:
        reference = parse_reference(image)
        base = pull_base(session.client_of(reference.registry), reference)
    except (ValueError, Failure):
        return "", None
    return told_by_variables(base.config.env)


def probed(delivered: Delivered, verified: Verified) -> Verified:
    """The same; where a probe was asked for, once its answer has come.

    Raises:
        NotLive: It could not be sent, or was not answered.
    """
    spec, plan, clients = delivered.spec, delivered.plan, delivered.clients
    if not spec.sends_probe:
        return verified
    context, endpoint = run_context(delivered.world), delivered.host.endpoint(clients, plan)
    place = data_place(plan, clients, context.mask)
    with ExitStack() as opened:
        probe = _probe(delivered, place, opened)
        owner = Owner(place.name, place.id, probe.roles, clients.assignee)
        return prove_trigger(endpoint, verified, probe, owner, timeout=spec.verify_timeout, context=context)


def _probe(delivered: Delivered, place: DataPlace, opened: ExitStack) -> Probe:
    spec, sample, keys = delivered.spec, delivered.spec.sample_request, place.keys
    credential = key_credential(keys.name, keys.values[0]) if keys else delivered.session.credential
    if sample is None:
        raise TypeError("there is no sample to send")
    match delivered.app.trigger:
        case BlobTrigger():
            blobs = opened.enter_context(open_blobs(place.address, credential))
            source, target = place.paths
            return BlobProbe(blobs, source, target, sample, content_type(sample))
        case ServiceBusQueueTrigger(input_queue=source, output_queue=target) if target:
            queues = opened.enter_context(open_queues(place.address, credential))
            return QueueProbe(queues, source, target, sample, content_type(sample), float(spec.verify_timeout))
    raise TypeError("there is no answer to wait for")
