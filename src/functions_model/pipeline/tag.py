"""The tag that the user asked for: what it means until now, and whether it may be moved at all."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from functions_model.core.failures import PlanRefused, Problem
from functions_model.pipeline.events import TagFound

if TYPE_CHECKING:
    from functions_model.core.spec import DeploymentSpec
    from functions_model.pipeline.events import ImageBuilt
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.session import Session


def look_at_tag(spec: DeploymentSpec, built: ImageBuilt, session: Session, parts: Parts) -> None:
    """Tell when a tag of the user's own is about to move. A tag that follows from the digest never does.

    Raises:
        PlanRefused: The tag is locked and means another image: better known now than after the upload.
        RegistryFailed: The registry does not say.
    """
    tag = spec.image.tag
    credential = session.registry_login
    if tag is None or session.cloud is None or credential is None:
        return
    from functions_model.azure.sending import CancelledTransport  # noqa: PLC0415 - the SDK costs every run 50 ms
    from functions_model.registry.tags import RepositoryTags  # noqa: PLC0415 - it does here, too

    audience, transport = session.cloud.registry_scope.removesuffix("/.default"), CancelledTransport()
    place, repository = f"https://{session.host}", built.reference.repository
    with closing(RepositoryTags(place, repository, credential, audience=audience, transport=transport)) as tags:
        found = tags.find(tag)
    if found is None or found.digest == built.reference.digest:
        return
    if found.locked:
        what = f"the tag `{tag}` of `{repository}` is locked in the registry and means another image"
        raise PlanRefused("move the tag", [Problem(what, "Give another `image-tag`, or unlock it.", "image-tag")])
    parts.tell(TagFound(tag, found.digest))
