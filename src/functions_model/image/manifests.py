"""Manifests and indexes of images: the OCI forms, and Docker's schema 2, which many bases still have.

https://github.com/opencontainers/image-spec/blob/main/manifest.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions_model.core.references import Digest, canonical_json, digest_of, parse_digest
from functions_model.image.documents import field_of, needed, parse_object, texts_of

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER_TAR = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
"""The kind of a blob that says nothing: `EMPTY_CONTENT`."""
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER_TAR = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"

MANIFEST_TYPES = (OCI_MANIFEST, DOCKER_MANIFEST)
INDEX_TYPES = (OCI_INDEX, DOCKER_LIST)
EMPTY_CONTENT = b"{}"
"""What a manifest that is no image has as its configuration.

https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidance-for-an-empty-descriptor
"""


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on.

    Attributes:
        os: As Go names it: `linux`.
        architecture: As Go names it: `amd64`.
    """

    os: str = "linux"
    architecture: str = "amd64"

    def __str__(self) -> str:
        """`linux/amd64`."""
        return f"{self.os}/{self.architecture}"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A reference to a blob or a manifest.

    Attributes:
        media_type: What it is.
        digest: Of its bytes.
        size: Of its bytes.
        annotations: Free text by key.
        urls: Where else it can be had.
        platform: In an index: what the manifest is for.
        artifact_type: In an index: what the manifest holds, when it is no image.
    """

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)
    urls: tuple[str, ...] = ()
    platform: Platform | None = None
    artifact_type: str = ""

    def as_json(self) -> dict[str, Any]:
        """The form that a manifest holds."""
        plain: dict[str, Any] = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        if self.annotations:
            plain["annotations"] = dict(self.annotations)
        if self.urls:
            plain["urls"] = list(self.urls)
        if self.platform:
            plain["platform"] = {"os": self.platform.os, "architecture": self.platform.architecture}
        if self.artifact_type:
            plain["artifactType"] = self.artifact_type
        return plain


EMPTY = Descriptor(OCI_EMPTY, digest_of(EMPTY_CONTENT), len(EMPTY_CONTENT))
"""The descriptor of `EMPTY_CONTENT`."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image for one platform, or something else that a registry keeps in the same form.

    Attributes:
        media_type: OCI's or Docker's.
        config: Where its configuration is.
        layers: The lowest first.
        annotations: OCI only.
        subject: The manifest that this one tells something about, and is listed with as a referrer. OCI only.
        artifact_type: What it holds, when it is no image. OCI only.
    """

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: Mapping[str, str] = field(default_factory=dict)
    subject: Descriptor | None = None
    artifact_type: str = ""

    @property
    def is_oci(self) -> bool:
        """Whether it belongs to OCI's family of media types, not to Docker's."""
        return self.media_type == OCI_MANIFEST

    def as_bytes(self) -> bytes:
        """Its canonical bytes, which its digest is made of."""
        plain: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": self.media_type,
            "config": self.config.as_json(),
            "layers": [layer.as_json() for layer in self.layers],
        }
        if self.annotations:
            plain["annotations"] = dict(self.annotations)
        if self.subject:
            plain["subject"] = self.subject.as_json()
        if self.artifact_type:
            plain["artifactType"] = self.artifact_type
        return canonical_json(plain)


@dataclass(frozen=True, slots=True)
class Index:
    """Several manifests: an image for several platforms, or what refers to an image.

    Attributes:
        media_type: OCI's or Docker's.
        manifests: In the order of preference.
    """

    media_type: str
    manifests: tuple[Descriptor, ...]

    def as_bytes(self) -> bytes:
        """Its canonical bytes, which its digest is made of."""
        entries = [manifest.as_json() for manifest in self.manifests]
        return canonical_json({"schemaVersion": 2, "mediaType": self.media_type, "manifests": entries})

    def choose(self, platform: Platform) -> Descriptor:
        """The first manifest for that platform.

        Raises:
            ValueError: There is none; the text names those there are.
        """
        for manifest in self.manifests:
            if manifest.platform == platform:
                return manifest
        known = sorted({str(manifest.platform) for manifest in self.manifests if manifest.platform})
        raise ValueError(f"it is not for {platform}, only for {', '.join(known) or 'no platform that it names'}")


def parse_manifest(content: bytes, media_type: str = "") -> Manifest | Index:
    """A manifest or an index from a registry.

    Args:
        content: Its bytes.
        media_type: What the registry's Content-Type says; used when the document does not say it itself.

    Raises:
        ValueError: It is none of the kinds that are known, or not as they are; the text says so, a clause.
    """
    document = parse_object(content)
    kind = field_of(document, "mediaType", str) or media_type.partition(";")[0].strip()
    if kind in INDEX_TYPES or (kind not in MANIFEST_TYPES and "manifests" in document):
        return Index(kind or OCI_INDEX, tuple(map(_descriptor, needed(document, "manifests", list))))
    if kind in MANIFEST_TYPES:
        return _manifest(kind, document)
    raise ValueError(f"its manifest has the unknown kind `{kind or 'schema 1'}`")


def _manifest(kind: str, document: Mapping[str, Any]) -> Manifest:
    subject = field_of(document, "subject", dict)
    return Manifest(
        media_type=kind,
        config=_descriptor(needed(document, "config", dict)),
        layers=tuple(map(_descriptor, needed(document, "layers", list))),
        annotations=texts_of(document, "annotations"),
        subject=_descriptor(subject) if subject else None,
        artifact_type=field_of(document, "artifactType", str) or "",
    )


def _descriptor(plain: object) -> Descriptor:
    if not isinstance(plain, dict):
        raise ValueError("one of its parts is no mapping")  # noqa: TRY004 - one kind for all that is wrong with it
    size, platform = needed(plain, "size", int), field_of(plain, "platform", dict)
    if size < 0:
        raise ValueError("one of its parts has fewer bytes than none")
    urls = field_of(plain, "urls", list) or ()
    return Descriptor(
        media_type=needed(plain, "mediaType", str),
        digest=parse_digest(needed(plain, "digest", str)),
        size=size,
        annotations=texts_of(plain, "annotations"),
        urls=tuple(url for url in urls if isinstance(url, str)),
        platform=_platform(platform) if platform else None,
        artifact_type=field_of(plain, "artifactType", str) or "",
    )


def _platform(plain: Mapping[str, Any]) -> Platform:
    return Platform(field_of(plain, "os", str) or "", field_of(plain, "architecture", str) or "")
