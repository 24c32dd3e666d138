"""What a manifest must be before the registry keeps it, and what can be read from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azure_sandbox.registry import errors
from azure_sandbox.registry.content import DIGEST, INDEX_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.registry.content import ContentStore, StoredManifest

MAX_BYTES = 4 << 20
"""Azure Container Registry takes manifests of up to 4 MiB."""
IMAGE_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


def check_manifest(store: ContentStore, repository: str, media_type: str, content: bytes) -> dict[str, Any]:
    """The manifest as a mapping, when it is well formed and everything that it names is there.

    Raises:
        RegistryError: MANIFEST_INVALID, or MANIFEST_BLOB_UNKNOWN with the digests that are missing.
    """
    if media_type not in IMAGE_TYPES + INDEX_TYPES:
        raise errors.manifest_invalid(f"media type `{media_type}` is not supported")
    manifest = _parse(content)
    if manifest.get("schemaVersion") != 2:
        raise errors.manifest_invalid("schemaVersion must be 2")
    if manifest.get("mediaType", media_type) != media_type:
        raise errors.manifest_invalid("mediaType differs from the Content-Type header")
    if media_type in INDEX_TYPES:
        _check_children(store, repository, manifest)
    else:
        _check_blobs(store, repository, manifest)
    return manifest


def _parse(content: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise errors.manifest_invalid(f"manifest is not JSON: {error}") from error
    if not isinstance(manifest, dict):
        raise errors.manifest_invalid("manifest is not a JSON object")
    return manifest


def _check_blobs(store: ContentStore, repository: str, manifest: dict[str, Any]) -> None:
    config, layers = manifest.get("config"), manifest.get("layers")
    if not isinstance(layers, list):
        raise errors.manifest_invalid("manifest has no layers")
    local = [_descriptor(entry) for entry in (config, *layers)]
    # A foreign layer (with urls) lies elsewhere.
    missing = [d["digest"] for d in local if not d.get("urls") and not store.has_blob(repository, d["digest"])]
    if missing:
        raise errors.RegistryError(
            400, "MANIFEST_BLOB_UNKNOWN", "manifest references unknown blobs", [{"digest": d} for d in missing]
        )
    for entry in local:
        if not entry.get("urls") and store.path_of(entry["digest"]).stat().st_size != entry["size"]:
            raise errors.manifest_invalid("the size of a descriptor is not the blob's", {"digest": entry["digest"]})


def _check_children(store: ContentStore, repository: str, manifest: dict[str, Any]) -> None:
    entries = manifest.get("manifests")
    if not isinstance(entries, list):
        raise errors.manifest_invalid("index has no manifests")
    missing = [
        entry["digest"] for entry in map(_descriptor, entries) if not store.has_manifest(repository, entry["digest"])
    ]
    if missing:
        raise errors.RegistryError(
            400, "MANIFEST_BLOB_UNKNOWN", "index references unknown manifests", [{"digest": d} for d in missing]
        )


def _descriptor(entry: object) -> dict[str, Any]:
    if (
        not isinstance(entry, dict)
        or not DIGEST.fullmatch(str(entry.get("digest")))
        or not isinstance(entry.get("size"), int)
        or not isinstance(entry.get("mediaType"), str)
    ):
        raise errors.manifest_invalid("a descriptor lacks mediaType, digest or size", entry)
    return entry


def referrers(store: ContentStore, repository: str, subject: str) -> Iterator[dict[str, Any]]:
    """Descriptors of the manifests whose `subject` is that digest."""
    for stored in store.manifests(repository):
        manifest = json.loads(stored.content)
        if (manifest.get("subject") or {}).get("digest") != subject:
            continue
        artifact = manifest.get("artifactType") or (manifest.get("config") or {}).get("mediaType")
        yield {
            "mediaType": stored.media_type,
            "digest": stored.digest,
            "size": len(stored.content),
            **({"artifactType": artifact} if artifact else {}),
            **({"annotations": manifest["annotations"]} if manifest.get("annotations") else {}),
        }


def image_size(stored: StoredManifest) -> int:
    """Bytes of the layers and the config, as the registry counts an image."""
    manifest = json.loads(stored.content)
    entries = [manifest.get("config") or {}, *manifest.get("layers", [])]
    return sum(int(entry.get("size", 0)) for entry in entries)
