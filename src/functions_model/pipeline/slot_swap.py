"""A verified slot takes the app's place; when the app is then not live, the two are swapped back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.failures import ApplyIncomplete, NotLive
from functions_model.pipeline.events import AppVerified, ResourceWritten, Swapped, UndoBegun, UndoEnded
from functions_model.pipeline.session import run_context
from functions_model.pipeline.verifying import probed, verify_here, verify_previous, with_story
from functions_model.provision import Overtaken, swap, swap_back
from functions_model.provision.observed_app import ObservedApp

if TYPE_CHECKING:
    from functions_model.pipeline.prepare import Making
    from functions_model.pipeline.session import Subscription
    from functions_model.pipeline.verifying import Delivered
    from functions_model.provision import Change


def swap_and_verify(making: Making, delivered: Delivered, change: Change, subscription: Subscription) -> None:
    """Swap, and verify the app.

    Raises:
        ApplyIncomplete: Azure did not swap; the app runs what it ran.
        NotLive: The app is not live with the slot's version. It was swapped back, and the failure tells how that went.
    """
    world, plan = making.world, delivered.plan
    with world.stage("Swap"):
        written = swap(plan, change, subscription.clients, run_context(world))
        world.tell(Swapped(written))
        world.tell(ResourceWritten(written))
    try:
        with world.stage("Verify the app"):
            verified = verify_here(making, delivered, subscription)
            world.tell(AppVerified(probed(making, delivered, subscription, verified)))
    except NotLive as failure:
        raise with_story(failure, _back(making, delivered, change, subscription)) from failure


def _back(making: Making, delivered: Delivered, change: Change, subscription: Subscription) -> str:
    """Swap back and verify what ran before; what came of it, in sentences."""
    world, plan = making.world, delivered.plan
    before = plan.observed.of(ObservedApp)
    image = before.image if before else ""
    world.tell(UndoBegun(image))
    with world.stage("Swap back"):
        try:
            written = swap_back(plan, change, subscription.clients, run_context(world))
            world.tell(Swapped(written, back=True))
            previous = verify_previous(making, plan, image, subscription)
            slot = plan.wanted.names.slot
            story = f"The previous version was swapped back. {previous} The slot `{slot}` has the new one."
        except Overtaken as overtaken:
            now = f"`{overtaken.image}`" if overtaken.image else "nothing"
            story = f"Somebody else has deployed to the app meanwhile: it runs {now}, so nothing was swapped back."
        except ApplyIncomplete as failure:
            story = (
                f"The previous version, `{image}`, could not be swapped back: {failure.reason}. {failure.remedy} It is "
                f"in the slot `{plan.wanted.names.slot}`."
            )
        world.tell(UndoEnded(story))
    return story
