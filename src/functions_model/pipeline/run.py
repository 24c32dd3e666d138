"""The story of a run.

Inputs were read and checked before (`functions_model.inputs`). Here they become a live app:

1. check    the entry script, host.json and the environment, without any network;
2. log in   once, for everything, and fetch what is registered in Azure ML;
3. build    the image, down to its digest, without sending a byte;
4. plan     the difference between what is wanted and what is there;
5. deliver  the image and the resources, side by side, the app last;
6. verify   that the app answers, with this very build.

Mode `plan` ends after step 4, mode `package` pushes after step 3. Each step returns a new noun and changes none that it
was given. What happens is told as events as it happens; a step that fails raises a `Failure` and the story ends there.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from functions_model.core.spec import HttpTrigger, Mode
from functions_model.pipeline.build import build
from functions_model.pipeline.checks import check
from functions_model.pipeline.deliver import deliver, push
from functions_model.pipeline.events import AppVerified, PlanMade
from functions_model.pipeline.fetch import fetch
from functions_model.pipeline.session import open_session
from functions_model.pipeline.tag import look_at_tag
from functions_model.provision import observe, plan, wanted_for
from functions_model.verify import ExpectedApp, verify

if TYPE_CHECKING:
    from functions_model.core.spec import DeploymentSpec
    from functions_model.pipeline.events import ImageBuilt
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.session import Session, Subscription
    from functions_model.provision import Applied, ResourcePlan


def run(spec: DeploymentSpec, parts: Parts) -> None:
    """Do what the spec says.

    Raises:
        Failure: One of its families; see `functions_model.core.failures`.
    """
    for note in spec.notes:
        parts.ci.info(f"Note: {note}")
    with parts.stage("Check"):
        checked = check(spec, parts)
    with closing(open_session(spec, parts)) as session:
        spec, seen = fetch(spec, checked, session, parts)
        built = build(spec, seen, session, parts)
        parts.tell(built)
        look_at_tag(spec, built, session, parts)
        if session.subscription:
            _deploy(spec, built, session, session.subscription, parts)
        else:
            with parts.stage("Push the image"):
                push(built, session, parts)


def _deploy(
    spec: DeploymentSpec, built: ImageBuilt, session: Session, subscription: Subscription, parts: Parts
) -> None:
    changes = _plan(spec, built, subscription, parts)
    if spec.mode is Mode.PLAN:
        return
    with parts.stage("Push the image and provision"):
        applied = deliver(built, changes, session, subscription, parts)
    _verify(spec, built, applied, subscription, parts)


def _plan(spec: DeploymentSpec, built: ImageBuilt, subscription: Subscription, parts: Parts) -> ResourcePlan:
    with parts.stage("Plan"):
        wanted = wanted_for(spec, built.reference, subscription.registry)
        changes = plan(wanted, observe(subscription.clients, wanted))
        parts.tell(PlanMade(changes))
    return changes


def _verify(
    spec: DeploymentSpec, built: ImageBuilt, applied: Applied, subscription: Subscription, parts: Parts
) -> None:
    expected = ExpectedApp(
        app_name=subscription.target.app_name,
        resource_group=subscription.target.resource_group,
        build_id=built.build_id,
        functions=built.functions,
        auth_level=spec.auth_level,
        sample_request=spec.sample_request,
        sync_triggers=not applied.triggers_synced,
        **_sample_door(spec),
    )
    secrets = [secret.reveal() for secret in subscription.target.app_settings.values()]
    with parts.stage("Verify"):
        verified = verify(subscription.clients, expected, timeout=spec.verify_timeout, ci=parts.ci, secrets=secrets)
        parts.tell(AppVerified(verified))


def _sample_door(spec: DeploymentSpec) -> dict[str, str]:
    """Where the sample goes: to the scoring function itself, or to the check function beside another trigger."""
    door = "score" if isinstance(spec.trigger, HttpTrigger) else "check"
    return {"sample_function": door, "sample_route": f"/api/{door}"}
