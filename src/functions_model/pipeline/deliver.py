"""From an image and a plan to live resources: the end of the push and the provisioning, side by side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from functions_model.core.digests import digest_of
from functions_model.core.failures import Failure
from functions_model.core.references import ImageReference
from functions_model.pipeline.build import Product
from functions_model.pipeline.events import Attached, ImagePushed, PlanApplied
from functions_model.pipeline.prepare import Making
from functions_model.pipeline.session import Session, Subscription, World, run_context
from functions_model.registry import Push, PushedImage

if TYPE_CHECKING:
    from functions_model.pipeline.planning import AheadOfImage
    from functions_model.provision import Applied, ResourcePlan


def open_push(making: Making) -> Push:
    """A push into the target repository. Nothing is sent yet."""
    spec, session = making.spec, making.session
    return Push(
        session.client_of(session.host),
        ImageReference(session.host, spec.image.repository, spec.image.tag),
        base_client=session.client_of(making.base.reference.registry),
        cache_repository=spec.build.cache_repository,
        import_base=_importer(session),
        report=session.world.report,
    )


def _importer(session: Session) -> Callable[[ImageReference, str], bool] | None:
    """A server-side copy of the base image, where the registry belongs to a subscription that we are logged in to."""
    subscription, report = session.subscription, session.world.ci.info
    if subscription is None:
        return None
    from functions_model.provision.access.importing import import_base  # noqa: PLC0415 - only with resources

    return lambda source, target: import_base(
        subscription.clients, subscription.registry, source, target, report=report
    )


def finish_push(product: Product, push: Push, world: World) -> PushedImage:
    """Send what the registry still lacks of the image, the tag last.

    Raises:
        RegistryFailed: The registry refused, or broke off more often than retries mend.
    """
    pushed = push.finish(
        product.built.image,
        tag=product.built.reference.tag,
        attachments=product.attachments,
        records=product.records,
        present=product.present,
    )
    world.tell(ImagePushed(pushed))
    for attached in product.attachments if pushed.manifest_written else ():
        world.tell(Attached("bill of materials", digest_of(attached.content), len(attached.content)))
    return pushed


def deliver(
    product: Product, plan: ResourcePlan, push: Push, subscription: Subscription, world: World, *, ahead: AheadOfImage
) -> Applied:
    """Finish the push and make the resources at the same time. The app waits for both.

    Returns:
        What was written.

    Raises:
        RegistryFailed: The push failed; the app was not touched.
        ApplyIncomplete: A resource could not be written.
    """
    from functions_model.provision import apply  # noqa: PLC0415 - only with resources

    with ThreadPoolExecutor(max_workers=1) as pool:
        pushing: Future[PushedImage] = pool.submit(finish_push, product, push, world)
        try:
            ready = {"image": pushing}
            applied = apply(plan, subscription.clients, run_context(world), ready=ready, ahead=ahead.begun)
        except Failure:
            # A push that failed is the cause, and the resources that then could not be written are its effect.
            if cause := pushing.exception():
                raise cause from None
            raise
        pushing.result()
    world.tell(PlanApplied(applied))
    return applied
