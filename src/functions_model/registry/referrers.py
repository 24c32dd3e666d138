"""Attachments of an image: manifests that name it as their subject, and the list that a registry keeps of them.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import Digest, digest_of
from functions_model.image.manifests import (
    EMPTY,
    EMPTY_CONTENT,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Index,
    Manifest,
    parse_manifest,
)
from functions_model.registry.access import Access
from functions_model.registry.bodies import bytes_source
from functions_model.registry.client import RegistryClient
from functions_model.registry.content import get_manifest
from functions_model.registry.errors import RegistryRefused
from functions_model.registry.upload import Upload, put_manifest

_UNTAKEN = frozenset({400, 403, 404, 405, 415, 422})
"""Answers of registries that take images and nothing else."""
_TITLE = "org.opencontainers.image.title"
"""On a layer: the name of the file that it is."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document about an image.

    Attributes:
        artifact_type: What it is, and what lists can be searched for: `application/vnd.cyclonedx+json`.
        media_type: Of the content.
        content: Its bytes; small.
        annotations: Free text by key.
        title: The file's name, for whoever fetches it.
    """

    artifact_type: str
    media_type: str
    content: bytes
    annotations: Mapping[str, str] = field(default_factory=dict)
    title: str = ""


def attach(upload: Upload, attachment: Attachment, subject: Descriptor) -> None:
    """Put an attachment beside an image, which need not be there yet. A registry that takes none is noted.

    Raises:
        RegistryFailed: The registry broke off too often.
        Stopped: Another part of the push failed for good.
    """
    named = {_TITLE: attachment.title} if attachment.title else {}
    content = Descriptor(attachment.media_type, digest_of(attachment.content), len(attachment.content), named)
    kind, annotations = attachment.artifact_type, dict(attachment.annotations)
    manifest = Manifest(OCI_MANIFEST, EMPTY, (content,), annotations, subject, kind).as_bytes()
    try:
        for source in (bytes_source(kind, attachment.content), bytes_source("the empty blob", EMPTY_CONTENT)):
            upload.send(source)
        headers = put_manifest(upload, manifest, OCI_MANIFEST)
        if "OCI-Subject" not in headers:
            entry = Descriptor(OCI_MANIFEST, digest_of(manifest), len(manifest), annotations, artifact_type=kind)
            _list(upload, entry, subject.digest)
    except RegistryRefused as refused:
        if refused.status not in _UNTAKEN:
            raise
        upload.tally.note(f"`{kind}` is not attached to the image: {refused.reason}.")


def _fallback(client: RegistryClient, access: Access, digest: Digest) -> tuple[Descriptor, ...]:
    """From the tag that clients keep where the registry keeps no list."""
    tag = _tag(digest)
    try:
        fetched = get_manifest(client, access, tag)
    except RegistryRefused as refused:
        if refused.status != 404:
            raise
        return ()
    return _index(fetched.content, f"read `{client.host}/{access.repository}:{tag}`").manifests


def _list(upload: Upload, entry: Descriptor, digest: Digest) -> None:
    """Read the list, add to it and write it, unless it has the entry."""
    known = _fallback(upload.client, replace(upload.access, mount_from=()), digest)
    if entry.digest not in {each.digest for each in known}:
        put_manifest(upload, Index(OCI_INDEX, (*known, entry)).as_bytes(), OCI_INDEX, _tag(digest))


def _index(content: bytes, action: str) -> Index:
    remedy = "Remove that list from the registry; the next push of a changed image makes a new one."
    try:
        parsed = parse_manifest(content, OCI_INDEX)
    except ValueError as error:
        raise RegistryFailed(action, str(error), remedy) from error
    if not isinstance(parsed, Index):
        raise RegistryFailed(action, "it is not a list of manifests", remedy)
    return parsed


def _tag(digest: Digest) -> str:
    return digest.replace(":", "-")
