"""The end of the story: the app proves that it is live with this build, or what ran before is put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.failures import NotLive
from functions_model.hosting.app_service import candidate
from functions_model.pipeline.events import AppVerified
from functions_model.pipeline.session import run_context
from functions_model.pipeline.slot_swap import swap_and_verify
from functions_model.pipeline.undo import undo_story
from functions_model.pipeline.verifying import probed, verify_here, with_story
from functions_model.provision import settle, through_slot
from functions_model.provision.observed_app import ObservedApp

if TYPE_CHECKING:
    from functions_model.pipeline.prepare import Making
    from functions_model.pipeline.session import Subscription
    from functions_model.pipeline.verifying import Delivered


def prove(making: Making, delivered: Delivered, subscription: Subscription) -> None:
    """Verify the app, or a candidate beside it, which then takes its place when that was asked for.

    Raises:
        NotLive: The app is not live. The failure tells what became of what ran before, too.
        ApplyIncomplete: The candidate could not take its place.
    """
    if through_slot(delivered.plan.wanted, delivered.plan.observed):
        _prove_candidate(making, delivered, subscription)
    else:
        _prove_app(making, delivered, subscription)


def _prove_app(making: Making, delivered: Delivered, subscription: Subscription) -> None:
    """When the app is not live, what ran before is put back, and verified."""
    world = making.world
    try:
        with world.stage("Verify"):
            verified = verify_here(making, delivered, subscription)
            if _settled(making, delivered, subscription):
                verified = verify_here(making, delivered, subscription)
            world.tell(AppVerified(probed(making, delivered, subscription, verified)))
    except NotLive as failure:
        raise with_story(failure, undo_story(making, delivered, subscription)) from failure


def _settled(making: Making, delivered: Delivered, subscription: Subscription) -> bool:
    """Whether settings had to be written again, as another deployment had changed them meanwhile.

    Raises:
        ApplyIncomplete: Azure refused.
    """
    before, after = delivered.plan.observed.of(ObservedApp), delivered.applied.app
    if before is None or after is None:
        return False
    names = settle(subscription.clients, delivered.plan.wanted, before, after, run_context(making.world))
    if names:
        told = ", ".join(f"`{name}`" for name in names)
        making.world.ci.info(f"Somebody else has changed settings meanwhile. This run's were written again: {told}.")
    return bool(names)


def _prove_candidate(making: Making, delivered: Delivered, subscription: Subscription) -> None:
    """When the candidate is not live, the app itself was not touched: there is nothing to put back."""
    world, wanted, before = making.world, delivered.plan.wanted, delivered.plan.observed.of(ObservedApp)
    try:
        with world.stage(f"Verify {candidate.title(wanted.names)}"):
            verified = verify_here(making, delivered, subscription, candidate=True)
            world.tell(AppVerified(verified, wanted.names.slot))
            if delivered.plan.swap and verified.unproven:
                raise candidate.refused_swap(wanted.names, verified.unproven)
    except NotLive as failure:
        runs = before.image if before else delivered.built.reference.pinned
        story = f"`{wanted.names.app}` itself {'was not touched' if before else 'is new'} and runs `{runs}`."
        raise with_story(failure, story) from failure
    if change := delivered.plan.swap:
        swap_and_verify(making, delivered, change, subscription)
