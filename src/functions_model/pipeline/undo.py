"""Going back: what ran before an update is put back and verified, and what became of it is told in whole sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.bundle.identity import VARIABLE
from functions_model.core.failures import Failure, NotLive
from functions_model.core.references import parse_reference
from functions_model.core.spec import AuthLevel
from functions_model.pipeline.events import UndoBegun, UndoEnded
from functions_model.provision import Overtaken, undo
from functions_model.registry import pull_base
from functions_model.verify import ExpectedApp, verify

if TYPE_CHECKING:
    from functions_model.pipeline.making import Making
    from functions_model.pipeline.session import Subscription
    from functions_model.provision import Applied, ResourcePlan, Undone

FIRST = "It is the app's first deployment: there is no previous version to go back to. The app stays as it is."
UNCHANGED = "This run has changed nothing of the app, so there was nothing to put back."


def undo_story(
    making: Making, plan: ResourcePlan, applied: Applied, subscription: Subscription, secrets: list[str]
) -> str:
    """Put back what ran before and verify it.

    Returns:
        What became of it, whole sentences. Nothing is raised for an undo that fails: that is part of the story.
    """
    before, after, parts = plan.observed.app, applied.app, making.parts
    if before is None:
        return FIRST
    if after is None:
        return UNCHANGED
    image = before.runs.removeprefix("DOCKER|")
    parts.tell(UndoBegun(image))
    with parts.stage("Put the previous version back"):
        try:
            undone = undo(subscription.clients, plan.wanted, before, after)
            story = f"{_back(undone)} {prove_previous(making, image, subscription, secrets)}"
        except Overtaken as overtaken:
            now = f"`{overtaken.image}`" if overtaken.image else "nothing"
            story = f"Somebody else has deployed to the app meanwhile: it runs {now}, so nothing was put back."
        except Failure as failure:
            story = f"The previous version, `{image}`, could not be put back: {failure.reason}. {failure.remedy}"
        parts.tell(UndoEnded(story))
    return story


def _back(undone: Undone) -> str:
    what = ", ".join(undone.what)
    stay = ", ".join(f"`{name}`" for name in undone.others)
    others = f" Settings that somebody else has changed meanwhile stay: {stay}." if stay else ""
    return f"The previous version was put back ({what}).{others}"


def prove_previous(making: Making, image: str, subscription: Subscription, secrets: list[str]) -> str:
    """Verify what ran before, by the build identity that its own image holds; what came of it, in sentences.

    The sample request is not sent: it belongs to the new version.
    """
    build_id = _build_of(making, image)
    target = subscription.target
    expected = ExpectedApp(target.app_name, target.resource_group, build_id, (), AuthLevel.ADMIN)
    ci, timeout = making.parts.ci, making.spec.verify_timeout
    try:
        verified = verify(subscription.clients, expected, timeout=timeout, ci=ci, secrets=secrets)
    except NotLive as failure:
        return f"It does not come alive either, and may not have been live before: `{image}`: {failure.reason}."
    known = "" if build_id else " Its host runs; which build answers cannot be told, as the image does not say."
    return f"It is live again after {verified.seconds:.1f} s: `{image}`.{known}"


def _build_of(making: Making, image: str) -> str:
    """The build identity in an image; empty for one that has none, or cannot be read."""
    try:
        reference = parse_reference(image)
        base = pull_base(making.session.base_client(reference, making.parts), reference)
    except (ValueError, Failure):
        return ""
    return base.config.env.get(VARIABLE, "")
