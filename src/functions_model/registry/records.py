"""Records: how the layers of an image came to be, kept in the registry so that the next run finds them again.

A record is a manifest of its own below a tag of its own. It names layers, so the registry keeps them. How one is found
again is in `found_records`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import canonical_json, digest_of
from functions_model.image.compression import Compression
from functions_model.image.layers import Layer
from functions_model.image.manifests import (
    EMPTY,
    EMPTY_CONTENT,
    OCI_CONFIG,
    OCI_LAYER_GZIP,
    OCI_LAYER_TAR,
    OCI_MANIFEST,
    Descriptor,
)
from functions_model.registry.access import Access
from functions_model.registry.bodies import bytes_source, layer_source
from functions_model.registry.content import head_manifest
from functions_model.registry.upload import Upload, put_manifest

RECORD_TYPE = "application/vnd.functions-model.record.v1+json"
FACTS = "functions-model.layer."
"""Begins the names of what a record says of a layer."""
_INLINE = 4096
"""Bytes of a configuration that is in its record."""


@dataclass(frozen=True, slots=True)
class RecordedLayer:
    """A layer and what it was made of.

    Attributes:
        key: A fingerprint or a lock's hash; several layers may share one.
        layer: The layer.
    """

    key: str
    layer: Layer


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of a run.

    Attributes:
        layers: The lowest first.
        annotations: Free text by key.
        config: What is kept beside them: an image configuration, an inventory, or `{}`.
        config_type: What that is.
    """

    layers: tuple[RecordedLayer, ...]
    annotations: Mapping[str, str]
    config: bytes = EMPTY_CONTENT
    config_type: str = OCI_CONFIG

    def find(self, key: str) -> Layer | None:
        """The first layer with that key."""
        return next((recorded.layer for recorded in self.layers if recorded.key == key), None)

    def as_manifest(self) -> bytes:
        """The manifest that stands for it; the same bytes each time."""
        layers = [_described(recorded).as_json() for recorded in self.layers]
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": RECORD_TYPE,
            "config": self._config(),
            # A manifest without layers is refused by some registries.
            "layers": layers or [EMPTY.as_json()],
            "annotations": dict(self.annotations),
        }
        return canonical_json(document)

    def _config(self) -> dict[str, Any]:
        """A small configuration is in the descriptor as well, as OCI allows it: it is read in one request."""
        if self.config == EMPTY_CONTENT:
            return EMPTY.as_json()
        plain = Descriptor(self.config_type, digest_of(self.config), len(self.config)).as_json()
        # A large one would be sent again with each change of the script, which a blob of the same digest is not.
        return {**plain, "data": base64.b64encode(self.config).decode()} if len(self.config) <= _INLINE else plain


@dataclass(frozen=True, slots=True)
class RecordToWrite:
    """A record and its place.

    Attributes:
        repository: In the target registry.
        tag: What it is found by.
        record: What is kept.
    """

    repository: str
    tag: str
    record: Record


def write_record(upload: Upload, wanted: RecordToWrite) -> None:
    """Put a record into its repository, with the layers that it names. One that may not be written is noted.

    Args:
        upload: Into the image's repository, which has every layer already.
        wanted: What to write.

    Raises:
        Stopped: Another part of the push failed for good.
    """
    try:
        _write(upload, wanted)
    except RegistryFailed as failure:
        place = f"{upload.client.host}/{wanted.repository}:{wanted.tag}"
        upload.tally.note(f"The result is not kept for later runs in `{place}`: {failure.reason}.")


def _write(upload: Upload, wanted: RecordToWrite) -> None:
    record, home = wanted.record, upload.access.repository
    content, known = record.as_manifest(), False
    if wanted.repository != home:
        layers = tuple(recorded.layer for recorded in record.layers)
        places = sorted({layer.repository or home for layer in layers} - {wanted.repository})
        upload = upload.into(Access(wanted.repository, push=True, mount_from=tuple(places)))
        known = head_manifest(upload.client, upload.access, wanted.tag) == digest_of(content)
        # Also below a record that is there: where somebody removed a layer by hand, it comes back.
        for layer in layers:
            if layer.repository != wanted.repository:
                upload.send(layer_source(layer, upload.client), layer.repository or home)
    if not record.layers or record.config == EMPTY_CONTENT:
        upload.send(bytes_source("the empty blob", EMPTY_CONTENT))
    if record.config != EMPTY_CONTENT:
        upload.send(bytes_source("the record's configuration", record.config))
    if not known:
        put_manifest(upload, content, OCI_MANIFEST, wanted.tag)


def kind_of(compression: Compression) -> str:
    """The media type that a record gives to a layer."""
    return OCI_LAYER_TAR if compression is Compression.RAW else OCI_LAYER_GZIP


def _described(recorded: RecordedLayer) -> Descriptor:
    layer = recorded.layer
    facts = {
        "key": recorded.key,
        "name": layer.name,
        "diff-id": layer.diff_id,
        "tree-size": str(layer.tree_size),
        "compression": layer.compression.value,
    }
    if layer.ratio is not None:
        facts["ratio"] = str(layer.ratio)
    return Descriptor(
        kind_of(layer.compression), layer.digest, layer.size, {FACTS + name: value for name, value in facts.items()}
    )
