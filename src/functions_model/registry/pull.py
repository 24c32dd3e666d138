"""What a reference means now, and what a base is made of."""

from __future__ import annotations

from functions_model.core.answers import Said
from functions_model.core.failures import RegistryFailed, RuleBroken
from functions_model.core.references import Digest, ImageReference
from functions_model.image.assembly import Base
from functions_model.image.configs import LARGEST_CONFIG, ImageConfig, parse_config
from functions_model.image.manifests import Index, Manifest, Platform, parse_manifest
from functions_model.registry.access import Access
from functions_model.registry.client import RegistryClient
from functions_model.registry.content import Fetched, get_blob, get_manifest, head_manifest

LINUX = Platform()
_OTHER = "Engines would not take it either: use another one, or have this one built again."
_NO_SYSTEM = frozenset({"None", "unknown"})
"""What is attached to an image has no operating system, or that one: docs.docker.com/build/metadata/attestations."""


class UnfitImage(RegistryFailed):
    """The registry has it, and it is none that can be used."""


def find_manifest(client: RegistryClient, reference: ImageReference) -> Digest | None:
    """The digest that a reference means now; None when the registry does not have it.

    Raises:
        RegistryFailed: The registry refused, or broke off.
    """
    return head_manifest(client, Access(reference.repository), reference.tag_or_digest)


def pull_base(
    client: RegistryClient, reference: ImageReference, platform: Platform = LINUX, *, kind: str = "base image"
) -> Base:
    """What a base image is made of, or another, for one platform. No layer is read.

    Args:
        client: Its registry.
        reference: Names it.
        platform: What it must run on.
        kind: What people call it.

    Raises:
        UnfitImage: It is not for that platform, or none that is understood.
        RegistryFailed: There is no such image, or the registry refused.
    """
    action = f"read the {kind} `{reference}`"
    access = Access(reference.repository)
    try:
        fetched, manifest = _manifest(client, access, reference, platform)
        if manifest.config.size > LARGEST_CONFIG:
            raise ValueError(f"its configuration is announced with {manifest.config.size} bytes")  # noqa: TRY301
        config = parse_config(get_blob(client, access, manifest.config.digest, manifest.config.size))
        _check(config, platform)
    except ValueError as error:
        remedy = error.remedy if isinstance(error, RuleBroken) else _OTHER
        raise UnfitImage(action, str(error), remedy) from error
    return Base(reference, fetched.digest, manifest, config)


def _manifest(
    client: RegistryClient, access: Access, reference: ImageReference, platform: Platform
) -> tuple[Fetched, Manifest]:
    fetched = get_manifest(client, access, reference.tag_or_digest)
    said = Said(client.host, 200, fetched.content, {"content-type": fetched.media_type})
    if said.by_gateway:
        raise RuleBroken(said.reason, said.remedy)
    parsed = parse_manifest(fetched.content, fetched.media_type)
    if isinstance(parsed, Index):
        try:
            chosen = parsed.choose(platform)
        except ValueError as error:
            raise RuleBroken(str(error), f"Use one for {platform}.") from error
        fetched = get_manifest(client, access, chosen.digest)
        parsed = parse_manifest(fetched.content, fetched.media_type)
    if isinstance(parsed, Index):
        raise ValueError("it is an index of indexes")  # noqa: TRY004 - what is wrong is the document
    return fetched, parsed


def _check(config: ImageConfig, platform: Platform) -> None:
    if config.platform.os in _NO_SYSTEM:
        what = "this is no container image (a bill of materials or a record)"
        raise RuleBroken(what, "Give the digest of the image itself.")
    if config.platform != platform:
        raise RuleBroken(f"it is made for {config.platform}, not for {platform}", f"Use one for {platform}.")
