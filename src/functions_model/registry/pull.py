"""Looks at images in a registry: which one a tag means, and what a base image is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.failures import RegistryFailed
from functions_model.image.assembly import Base
from functions_model.image.manifests import Index, Manifest, Platform, parse_config, parse_manifest
from functions_model.registry.access import Access
from functions_model.registry.content import Fetched, get_blob, get_manifest, head_manifest

if TYPE_CHECKING:
    from functions_model.core.digests import Digest
    from functions_model.core.references import ImageReference
    from functions_model.image.manifests import ImageConfig
    from functions_model.registry.client import RegistryClient

LINUX = Platform()


def find_manifest(client: RegistryClient, reference: ImageReference) -> Digest | None:
    """The digest that a reference means now; None when the registry does not have it.

    Raises:
        RegistryFailed: The registry refused, or broke off.
    """
    return head_manifest(client, Access(reference.repository), reference.tag_or_digest)


def pull_base(client: RegistryClient, reference: ImageReference, platform: Platform = LINUX) -> Base:
    """What a base image is made of, for one platform. No layer is read.

    Raises:
        RegistryFailed: There is no such image, not for that platform, or it is none that is understood.
    """
    action = f"read the base image `{reference}`"
    access = Access(reference.repository)
    try:
        fetched, manifest = _manifest(client, access, reference, platform)
        config = parse_config(get_blob(client, access, manifest.config.digest, manifest.config.size))
        _check(config, platform)
    except ValueError as error:
        raise RegistryFailed(action, str(error), f"Choose a base image for {platform}.") from error
    return Base(reference, fetched.digest, manifest, config)


def _manifest(
    client: RegistryClient, access: Access, reference: ImageReference, platform: Platform
) -> tuple[Fetched, Manifest]:
    fetched = get_manifest(client, access, reference.tag_or_digest)
    parsed = parse_manifest(fetched.content, fetched.media_type)
    if isinstance(parsed, Index):
        fetched = get_manifest(client, access, parsed.choose(platform).digest)
        parsed = parse_manifest(fetched.content, fetched.media_type)
    if isinstance(parsed, Index):
        message = "it is an index of indexes"
        raise ValueError(message)  # noqa: TRY004 - what is wrong is the document
    return fetched, parsed


def _check(config: ImageConfig, platform: Platform) -> None:
    if config.platform != platform:
        message = f"it is made for {config.platform}, not for {platform}"
        raise ValueError(message)
