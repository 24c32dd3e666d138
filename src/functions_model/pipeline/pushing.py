"""One push: where it goes, and what it may use of earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.references import ImageReference
from functions_model.provision.importing import import_base
from functions_model.registry import Push

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.pipeline.making import Making
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.session import Session


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


def _importer(session: Session, parts: Parts) -> Callable[[ImageReference, str], bool] | None:
    """A server-side copy of the base image, where the registry belongs to a subscription that we are logged in to."""
    subscription = session.subscription
    if subscription is None:
        return None
    return lambda source, target: import_base(
        subscription.clients, subscription.registry, source, target, report=parts.ci.info
    )
