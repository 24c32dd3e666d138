"""Records: how the layers of an image came to be, kept in the registry so that the next run finds them again.

A record is a manifest of its own below a tag of its own. It names layers, so the registry keeps them.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import canonical_json, digest_of, parse_digest
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
from functions_model.registry.client import RegistryClient
from functions_model.registry.content import BlobStream, get_manifest, head_manifest
from functions_model.registry.errors import RegistryRefused
from functions_model.registry.upload import Upload, put_manifest

RECORD_TYPE = "application/vnd.functions-model.record.v1+json"
_PREFIX = "functions-model.layer."
_INLINE, _LARGEST = 4096, 16 << 20
"""Bytes of a configuration that is in its record, and of one that is read. An environment of 18,700 modules takes 0.3
MB."""


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


def find_record(client: RegistryClient, repository: str, tag: str) -> Record | None:
    """The record below a tag. None when there is none, when it may not be read, or when it is not understood.

    One request, and one more for a large configuration. Its layers have `repository` set, and `open` reads them from
    there.

    Raises:
        RegistryFailed: The registry broke off.
    """
    try:
        fetched = get_manifest(client, Access(repository), tag)
        return _parsed(fetched.content, client, repository)
    except RegistryRefused as refused:
        if not refused.forbidden:
            raise
    except (ValueError, KeyError, TypeError, AttributeError):
        pass  # damaged, or written by another version: the layers are made again, and so is the record
    return None


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


def _described(recorded: RecordedLayer) -> Descriptor:
    layer = recorded.layer
    kind = OCI_LAYER_TAR if layer.compression is Compression.RAW else OCI_LAYER_GZIP
    facts = {
        "key": recorded.key,
        "name": layer.name,
        "diff-id": layer.diff_id,
        "tree-size": str(layer.tree_size),
        "compression": layer.compression.value,
    }
    if layer.ratio is not None:
        facts["ratio"] = str(layer.ratio)
    return Descriptor(kind, layer.digest, layer.size, {_PREFIX + name: value for name, value in facts.items()})


def _parsed(content: bytes, client: RegistryClient, repository: str) -> Record | None:
    document = json.loads(content)
    if document["artifactType"] != RECORD_TYPE:
        return None
    entries = [entry for entry in document["layers"] if entry["mediaType"] != EMPTY.media_type]
    layers = tuple(_recorded(entry, client, repository) for entry in entries)
    config = _kept_config(document["config"], client, repository)
    kind = OCI_CONFIG if config == EMPTY_CONTENT else str(document["config"]["mediaType"])
    return Record(layers, dict(document.get("annotations") or {}), config, kind)


def _kept_config(plain: Mapping[str, Any], client: RegistryClient, repository: str) -> bytes:
    if plain["mediaType"] == EMPTY.media_type:
        return EMPTY_CONTENT
    if "data" not in plain:
        return _read_config(plain, client, repository)
    try:
        config = base64.b64decode(plain["data"], validate=True)
    except binascii.Error as error:
        raise ValueError from error
    if digest_of(config) != plain["digest"]:
        raise ValueError
    return config


def _read_config(plain: Mapping[str, Any], client: RegistryClient, repository: str) -> bytes:
    """The blob, which is held to its digest.

    Raises:
        ValueError: It is larger than what is written, or is gone: somebody cleans the registry by hand.
        RegistryFailed: The registry broke off.
    """
    digest, size = parse_digest(plain["digest"]), int(plain["size"])
    if size > _LARGEST:
        raise ValueError
    try:
        with closing(io.BufferedReader(BlobStream(client, Access(repository), digest))) as stream:
            config = stream.read(size)
    except RegistryRefused as refused:
        raise ValueError from refused
    if digest_of(config) != digest:
        raise ValueError
    return config


def _recorded(plain: Mapping[str, Any], client: RegistryClient, repository: str) -> RecordedLayer:
    facts = plain["annotations"]
    digest, ratio = parse_digest(plain["digest"]), facts.get(f"{_PREFIX}ratio")
    layer = Layer(
        name=str(facts[f"{_PREFIX}name"]),
        digest=digest,
        diff_id=parse_digest(facts[f"{_PREFIX}diff-id"]),
        size=int(plain["size"]),
        media_type=str(plain["mediaType"]),
        open=lambda: cast("BinaryIO", BlobStream(client, Access(repository), digest)),
        tree_size=int(facts[f"{_PREFIX}tree-size"]),
        compression=Compression(facts[f"{_PREFIX}compression"]),
        repository=repository,
        ratio=None if ratio is None else float(ratio),
    )
    return RecordedLayer(str(facts[f"{_PREFIX}key"]), layer)
