"""One push: where it goes, and what it may use of earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.digests import digest_of
from functions_model.core.references import ImageReference
from functions_model.pipeline.events import Attached, ImagePushed
from functions_model.registry import Push

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.pipeline.build import Product
    from functions_model.pipeline.making import Making
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.session import Session
    from functions_model.registry import PushedImage


def open_push(making: Making) -> Push:
    """A push into the target repository. Nothing is sent yet."""
    spec, session, parts = making.spec, making.session, making.parts
    return Push(
        session.registry_client(parts),
        ImageReference(session.host, spec.image.repository, spec.image.tag),
        base_client=session.base_client(making.prepared.base.reference, parts),
        cache_repository=spec.build.cache_repository,
        import_base=_importer(session, parts),
        report=parts.report,
    )


def finish(product: Product, push: Push, parts: Parts) -> PushedImage:
    """Send what the registry still lacks of the image, the tag last.

    Raises:
        RegistryFailed: The registry refused, or broke off more often than retries mend.
    """
    built, extras = product.built, product.extras
    pushed = push.finish(
        built.image,
        tag=built.reference.tag,
        attachments=extras.attachments,
        records=extras.records,
        present=product.present,
    )
    parts.tell(ImagePushed(pushed))
    for attached in extras.attachments if pushed.manifest_written else ():
        parts.tell(Attached("bill of materials", digest_of(attached.content), len(attached.content)))
    return pushed


def _importer(session: Session, parts: Parts) -> Callable[[ImageReference, str], bool] | None:
    """A server-side copy of the base image, where the registry belongs to a subscription that we are logged in to."""
    subscription = session.subscription
    if subscription is None:
        return None
    from functions_model.provision.importing import import_base  # noqa: PLC0415 - only with resources

    return lambda source, target: import_base(
        subscription.clients, subscription.registry, source, target, report=parts.ci.info
    )
