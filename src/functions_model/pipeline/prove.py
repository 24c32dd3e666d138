"""The end of the story: the app proves that it is live with this build, or what ran before is put back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.core.failures import NotLive
from functions_model.core.spec import HttpTrigger
from functions_model.pipeline.events import AppVerified
from functions_model.pipeline.undo import undo_story
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


def prove(making: Making, delivered: Delivered, subscription: Subscription) -> None:
    """Verify the app; when it is not live, put back what ran before and verify that.

    Raises:
        NotLive: The app is not live. The failure tells what became of what ran before, too.
    """
    parts, secrets = making.parts, known_secrets(delivered.plan, subscription)
    try:
        with parts.stage("Verify"):
            verified = _verify(making, delivered, subscription, secrets)
            parts.tell(AppVerified(verified))
    except NotLive as failure:
        story = undo_story(making, delivered.plan, delivered.applied, subscription, secrets)
        raise with_story(failure, story) from failure


def with_story(failure: NotLive, story: str) -> NotLive:
    """The failure, with what became of what ran before."""
    remedy = f"{failure.remedy} {story}"
    return NotLive(failure.action, failure.reason, remedy, location=failure.location, detail=failure.detail)


def _verify(making: Making, delivered: Delivered, subscription: Subscription, secrets: list[str]) -> Verified:
    spec, built = making.spec, delivered.built
    expected = ExpectedApp(
        app_name=subscription.target.app_name,
        resource_group=subscription.target.resource_group,
        build_id=built.build_id,
        functions=built.functions,
        auth_level=spec.auth_level,
        sample_request=spec.sample_request,
        **_sample_door(spec),
    )
    ci, timeout = making.parts.ci, spec.verify_timeout
    return verify(subscription.clients, expected, timeout=timeout, ci=ci, secrets=secrets)


def _sample_door(spec: DeploymentSpec) -> dict[str, str]:
    """Where the sample goes: to the scoring function itself, or to the check function beside another trigger."""
    door = "score" if isinstance(spec.trigger, HttpTrigger) else "check"
    return {"sample_function": door, "sample_route": f"/api/{door}"}


_PUBLIC = ("AzureWebJobsStorage__", "TriggerConnectionString__", "FUNCTIONS_", "WEBSITES_", "PYTHON_")
"""Settings that hold names, addresses and switches."""
_SHORTEST_SECRET = 8
"""Characters; to blot out each `true` and `production` of a container log would leave nothing to read."""


def known_secrets(plan: ResourcePlan, subscription: Subscription) -> list[str]:
    """Values that may stand in the app's container log and must not be shown: the user's, and those that were there."""
    users = [secret.reveal() for secret in subscription.target.app_settings.values()]
    live = plan.observed.app.settings if plan.observed.app else {}
    others = [value for name, value in live.items() if not name.startswith(_PUBLIC) and len(value) >= _SHORTEST_SECRET]
    return [*users, *others]
