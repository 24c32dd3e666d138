"""Verifying what was delivered, and what ran before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.bundle.identity import VARIABLE
from functions_model.core.failures import Failure, NotLive
from functions_model.core.references import parse_reference
from functions_model.core.spec import AuthLevel, HttpTrigger
from functions_model.registry import pull_base
from functions_model.verify import ExpectedApp, Verified, verify

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
        NotLive: It is not.
    """
    spec, built = making.spec, delivered.built
    expected = ExpectedApp(
        app_name=subscription.target.app_name,
        resource_group=subscription.target.resource_group,
        build_id=built.build_id,
        functions=built.functions,
        auth_level=spec.auth_level,
        sample_request=spec.sample_request,
        slot=slot,
        new_roles=delivered.applied.assigned_roles,
        host_name=_host_name(delivered.plan, slot),
        image=built.reference.pinned,
        **_sample_door(spec),
    )
    return _verify(making, expected, delivered.plan, subscription)


def verify_previous(making: Making, plan: ResourcePlan, image: str, subscription: Subscription) -> str:
    """Verify that the app runs what ran before, by the build identity in that image; what came of it, in sentences.

    The sample request is not sent: it belongs to the new version.
    """
    build_id, target = _build_of(making, image), subscription.target
    expected = ExpectedApp(target.app_name, target.resource_group, build_id, (), AuthLevel.ADMIN)
    try:
        verified = _verify(making, expected, plan, subscription)
    except NotLive as failure:
        return f"It does not come alive either, and may not have been live before: `{image}`: {failure.reason}."
    known = "" if build_id else " Its host runs; which build answers cannot be told, as the image does not say."
    return f"It is live again after {verified.seconds:.1f} s: `{image}`.{known}"


def _verify(making: Making, expected: ExpectedApp, plan: ResourcePlan, subscription: Subscription) -> Verified:
    secrets, timeout = known_secrets(plan, subscription), making.spec.verify_timeout
    return verify(subscription.clients, expected, timeout=timeout, ci=making.parts.ci, secrets=secrets)


def _host_name(plan: ResourcePlan, slot: str) -> str:
    """Where an app that was there before answers; empty for one that is new, or may be stopped."""
    site = plan.observed.site
    return site.host_name if site and not slot and site.state.lower() == "running" else ""


def _sample_door(spec: DeploymentSpec) -> dict[str, str]:
    """Where the sample goes: to the scoring function itself, or to the check function beside another trigger."""
    door = "score" if isinstance(spec.trigger, HttpTrigger) else "check"
    return {"sample_function": door, "sample_route": f"/api/{door}"}


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
    users = [secret.reveal() for secret in subscription.target.app_settings.values()]
    slot = plan.observed.slot.app if plan.observed.slot else None
    live = {name: value for app in (slot, plan.observed.app) if app for name, value in app.settings.items()}
    others = [value for name, value in live.items() if not name.startswith(_PUBLIC) and len(value) >= _SHORTEST_SECRET]
    return [*users, *others]
