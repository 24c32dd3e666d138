"""The push of an image: opened before its layers are made, finished when it is known."""

from __future__ import annotations

from collections.abc import Callable

from functions_model.core.references import ImageReference, digest_of
from functions_model.pipeline.build import Product
from functions_model.pipeline.events import Attached, ImagePushed
from functions_model.pipeline.prepare import Making
from functions_model.pipeline.session import Session, World
from functions_model.registry import Push, PushedImage


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
    from functions_model.provision.access.registries import import_base  # noqa: PLC0415 - only with resources

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
        tag=product.built.app.reference.tag,
        attachments=product.attachments,
        records=product.records,
        present=product.present,
    )
    world.tell(ImagePushed(pushed))
    for attached in product.attachments if pushed.manifest_written else ():
        world.tell(Attached("bill of materials", digest_of(attached.content), len(attached.content)))
    return pushed
