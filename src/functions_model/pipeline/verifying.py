"""Verifying what was delivered, and what ran before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from functions_model.bundle.identity import VARIABLE
from functions_model.core.failures import Failure, NotLive
from functions_model.core.references import parse_reference
from functions_model.core.spec import AuthLevel, HttpTrigger
from functions_model.pipeline.readying import reached
from functions_model.provision.machine_key import MACHINE_KEY
from functions_model.provision.observed_app import ObservedApp, ObservedSite, ObservedSlot
from functions_model.registry import pull_base
from functions_model.verify import LISTENING_SECONDS, ExpectedApp, Verified, verify

if TYPE_CHECKING:
    from functions_model.core.spec import DeploymentSpec
    from functions_model.pipeline.events import ImageBuilt
    from functions_model.pipeline.making import Making
    from functions_model.pipeline.session import Subscription
    from functions_model.provision import Applied, ResourcePlan


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was brought to Azure.

    Attributes:
        built: The image.
        plan: With what was there before.
        applied: What was written.
    """

    built: ImageBuilt
    plan: ResourcePlan
    applied: Applied


def with_story(failure: NotLive, story: str) -> NotLive:
    """The failure, with what became of what ran before."""
    remedy = f"{failure.remedy} {story}"
    return NotLive(failure.action, failure.reason, remedy, location=failure.location, detail=failure.detail)


def verify_here(making: Making, delivered: Delivered, subscription: Subscription, slot: str = "") -> Verified:
    """Verify that the app, or a slot, is live with what was delivered.

    Raises:
        NotLive: It is not, or its trigger cannot work.
    """
    expected = expected_here(making, delivered, subscription, slot)
    expected = replace(expected, reached=reached(delivered.plan, subscription.clients))
    return _verify(making, expected, delivered.plan, subscription)


def expected_here(making: Making, delivered: Delivered, subscription: Subscription, slot: str = "") -> ExpectedApp:
    """The app, or a slot, as it must be."""
    spec, built = making.spec, delivered.built
    door = _sample_door(spec)
    return ExpectedApp(
        names=subscription.target.names.at(slot),
        build_id=built.build_id,
        functions=built.functions,
        auth_level=spec.auth_level,
        sample_request=spec.sample_request,
        new_roles=delivered.applied.assigned_roles,
        host_name=_host_name(delivered, slot),
        image=built.reference.pinned,
        has_machine_key=_has_machine_key(delivered.plan, slot),
        sample_function=door,
        sample_route=f"/api/{door}",
        # In a slot the trigger is off.
        listening_seconds=0.0 if slot else _listening(spec.trigger.kind, making.parts.listening_seconds),
    )


def _listening(trigger: str, given: float | None) -> float:
    """Seconds; none with an HTTP trigger."""
    if trigger not in LISTENING_SECONDS:
        return 0.0
    return LISTENING_SECONDS[trigger] if given is None else given


def verify_previous(making: Making, plan: ResourcePlan, image: str, subscription: Subscription) -> str:
    """Verify that the app runs what ran before, by the build identity in that image; what came of it, in sentences.

    The sample request is not sent: it belongs to the new version.
    """
    build_id, target = _build_of(making, image), subscription.target
    has_key = _has_machine_key(plan)
    expected = ExpectedApp(target.names.at(), build_id, (), AuthLevel.ADMIN, has_machine_key=has_key)
    try:
        verified = _verify(making, expected, plan, subscription)
    except NotLive as failure:
        return f"It does not come alive either, and may not have been live before: `{image}`: {failure.reason}."
    if not build_id:
        runs = "It answers" if verified.unseen else "Its host runs"
        why = f"{runs}; which build answers cannot be told, as the image does not say."
    elif verified.unproven:
        why = f"Whether `init()` has run there could not be seen: {verified.unproven}."
    else:
        return f"It is live again after {verified.seconds:.1f} s: `{image}`."
    return f"It is back after {verified.seconds:.1f} s, unproven: `{image}`. {why}"


def _verify(making: Making, expected: ExpectedApp, plan: ResourcePlan, subscription: Subscription) -> Verified:
    secrets, timeout = known_secrets(plan, subscription), making.spec.verify_timeout
    return verify(subscription.clients, expected, timeout=timeout, ci=making.parts.ci, secrets=secrets)


def _host_name(delivered: Delivered, slot: str) -> str:
    """Where the app answers; empty for a slot, and for an app that may be stopped."""
    site = delivered.plan.observed.of(ObservedSite)
    if slot or (site and site.state.lower() != "running"):
        return ""
    return site.host_name if site else delivered.applied.host_name


def _has_machine_key(plan: ResourcePlan, slot: str = "") -> bool:
    """Of an app, or a slot, that was there before: one that is new gets a machine key."""
    beside = plan.observed.of(ObservedSlot)
    app = plan.observed.of(ObservedApp) if not slot else beside.app if beside else None
    return app is None or MACHINE_KEY in app.settings


def _sample_door(spec: DeploymentSpec) -> str:
    """Where the sample goes: to the scoring function itself, or to the check function beside another trigger."""
    return "score" if isinstance(spec.trigger, HttpTrigger) else "check"


def _build_of(making: Making, image: str) -> str:
    """The build identity in an image; empty for one that has none, or cannot be read."""
    try:
        reference = parse_reference(image)
        base = pull_base(making.session.base_client(reference, making.parts), reference)
    except (ValueError, Failure):
        return ""
    return base.config.env.get(VARIABLE, "")


_PUBLIC = ("AzureWebJobsStorage__", "TriggerConnectionString__", "FUNCTIONS_", "WEBSITES_", "PYTHON_")
"""Settings that hold names, addresses and switches."""
_SHORTEST_SECRET = 8
"""Characters; to blot out each `true` and `production` of a container log would leave nothing to read."""


def known_secrets(plan: ResourcePlan, subscription: Subscription) -> list[str]:
    """Values that may stand in the app's container log and must not be shown: the user's, and those that were there."""
    there = plan.observed.of(ObservedSlot)
    users = [secret.reveal() for secret in subscription.target.app_settings.values()]
    slot = there.app if there else None
    live = {name: value for app in (slot, plan.observed.of(ObservedApp)) if app for name, value in app.settings.items()}
    others = [value for name, value in live.items() if not name.startswith(_PUBLIC) and len(value) >= _SHORTEST_SECRET]
    slots = there
    belongings = (*slots.of_app.secrets, *slots.own.secrets) if slots else ()
    return [*users, *others, *belongings]
