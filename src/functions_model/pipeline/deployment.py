"""The part of the story that Azure resources have in it: plan, provision and verify, around the image and its push.

Nothing of it is imported by a run that only makes an image.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from functions_model.core.spec import Mode
from functions_model.pipeline.build import build
from functions_model.pipeline.deliver import deliver, open_push
from functions_model.pipeline.events import PlanBegun, PlanMade
from functions_model.pipeline.planning import AheadOfImage
from functions_model.pipeline.release import release
from functions_model.pipeline.verifying import Delivered
from functions_model.provision import plan

if TYPE_CHECKING:
    from functions_model.pipeline.prepare import Making
    from functions_model.pipeline.session import Subscription
    from functions_model.provision import ResourcePlan


def deploy(making: Making, begun: ResourcePlan, subscription: Subscription) -> None:
    """Make the image and bring it to its app; in mode `plan`, show what that would do.

    Raises:
        Failure: One of its families; see `functions_model.core.failures`.
    """
    world = making.world
    with closing(open_push(making)) as push, AheadOfImage(begun, subscription, push, world) as ahead:
        writes = making.spec.mode is not Mode.PLAN
        if writes:
            with world.stage("Plan"):
                world.tell(PlanBegun(begun))
        product = build(making, push, ahead.begin) if writes else build(making, None)
        with world.stage("Complete the plan" if writes else "Plan"):
            changes = plan(replace(begun.wanted, image=product.built.reference.pinned), begun.observed)
            world.tell(PlanMade(changes, begun if writes else None))
        if not writes:
            return
        with world.stage("Finish the push and provision"):
            applied = deliver(product, changes, push, subscription, world, ahead=ahead)
    release(making, Delivered(product.built, changes, applied), subscription)
