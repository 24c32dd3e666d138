"""From an image and a plan to live resources: the end of the push and the provisioning, side by side."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from functions_model.core.failures import Failure
from functions_model.pipeline.events import PlanApplied
from functions_model.pipeline.pushing import finish
from functions_model.pipeline.writing import run_context
from functions_model.provision import apply

if TYPE_CHECKING:
    from functions_model.pipeline.ahead import AheadOfImage
    from functions_model.pipeline.build import Product
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.session import Subscription
    from functions_model.provision import Applied, ResourcePlan
    from functions_model.registry import Push, PushedImage


def deliver(
    product: Product, plan: ResourcePlan, push: Push, subscription: Subscription, parts: Parts, *, ahead: AheadOfImage
) -> Applied:
    """Finish the push and make the resources at the same time. The app waits for both.

    Returns:
        What was written.

    Raises:
        RegistryFailed: The push failed; the app was not touched.
        ApplyIncomplete: A resource could not be written.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        pushing: Future[PushedImage] = pool.submit(finish, product, push, parts)
        try:
            ready = {"image": pushing}
            applied = apply(plan, subscription.clients, run_context(parts), ready=ready, ahead=ahead.begun)
        except Failure:
            # A push that failed is the cause, and the resources that then could not be written are its effect.
            if cause := pushing.exception():
                raise cause from None
            raise
        pushing.result()
    parts.tell(PlanApplied(applied))
    return applied
