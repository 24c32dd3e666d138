"""Going back: what ran before an update is put back and verified, and what became of it is told in whole sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.failures import Failure
from functions_model.pipeline.events import UndoBegun, UndoEnded
from functions_model.pipeline.session import run_context
from functions_model.pipeline.verifying import verify_previous
from functions_model.provision import Overtaken, undo
from functions_model.provision.observed_app import ObservedApp

if TYPE_CHECKING:
    from functions_model.pipeline.prepare import Making
    from functions_model.pipeline.session import Subscription
    from functions_model.pipeline.verifying import Delivered
    from functions_model.provision import Undone

FIRST = "It is the app's first deployment: there is no previous version to go back to. The app stays as it is."
UNCHANGED = "This run has changed nothing of the app, so there was nothing to put back."


def undo_story(making: Making, delivered: Delivered, subscription: Subscription) -> str:
    """Put back what ran before and verify it.

    Returns:
        What became of it, whole sentences. Nothing is raised for an undo that fails: that is part of the story.
    """
    plan, world = delivered.plan, making.world
    before, after = plan.observed.of(ObservedApp), delivered.applied.app
    if before is None:
        return FIRST
    if after is None:
        return UNCHANGED
    image = before.runs.removeprefix("DOCKER|")
    world.tell(UndoBegun(image))
    with world.stage("Put the previous version back"):
        try:
            undone = undo(subscription.clients, plan.wanted, before, after, run_context(world))
            story = f"{_back(undone)} {verify_previous(making, plan, image, subscription)}"
        except Overtaken as overtaken:
            now = f"`{overtaken.image}`" if overtaken.image else "nothing"
            story = f"Somebody else has deployed to the app meanwhile: it runs {now}, so nothing was put back."
        except Failure as failure:
            story = f"The previous version, `{image}`, could not be put back: {failure.reason}. {failure.remedy}"
        world.tell(UndoEnded(story))
    return story


def _back(undone: Undone) -> str:
    what = ", ".join(undone.what)
    stay = ", ".join(f"`{name}`" for name in undone.others)
    others = f" Settings that somebody else has changed meanwhile stay: {stay}." if stay else ""
    return f"The previous version was put back ({what}).{others}"
