"""Another tag for an image that is in its repository already."""

from __future__ import annotations

from functions_model.core.references import ImageReference
from functions_model.core.work import silent
from functions_model.registry.access import Access
from functions_model.registry.client import RegistryClient
from functions_model.registry.content import get_manifest, head_manifest
from functions_model.registry.upload import Upload, put_manifest


def retag(client: RegistryClient, image: ImageReference, tag: str) -> bool:
    """Let a tag mean an image.

    Args:
        client: The image's registry.
        image: By its digest, or else by another tag.
        tag: Is moved, or made.

    Returns:
        False when it meant that image already; then nothing is written.

    Raises:
        RegistryFailed: The registry refused, or broke off.
    """
    access = Access(image.repository, push=True)
    if image.digest and head_manifest(client, access, tag) == image.digest:
        return False
    found = get_manifest(client, access, image.tag_or_digest)
    put_manifest(Upload.begin(client, access, silent), found.content, found.media_type, tag)
    return True
