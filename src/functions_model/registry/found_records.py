"""Reads records. What stands in one comes from whoever may write to the repository: it is held to what is written.

A record that is not as this tool writes it is none. The layers are made again, and so is the record.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
import re
from collections.abc import Mapping
from contextlib import closing
from typing import Any, BinaryIO, cast

from functions_model.core.references import Digest, digest_of, parse_digest
from functions_model.core.strict_json import parse_json
from functions_model.image.assembly import LARGEST_LAYER, MOST_LAYERS
from functions_model.image.compression import Compression
from functions_model.image.layers import Layer
from functions_model.image.manifests import EMPTY, EMPTY_CONTENT, OCI_CONFIG
from functions_model.registry.access import Access
from functions_model.registry.client import RegistryClient
from functions_model.registry.content import BlobStream, get_manifest
from functions_model.registry.errors import RegistryRefused
from functions_model.registry.records import FACTS, RECORD_TYPE, Record, RecordedLayer, kind_of

_LARGEST_CONFIG = 16 << 20
"""Bytes of a configuration that is read. An environment of 18,700 modules takes 0.3 MB."""
_LONGEST = 200
"""Characters of a layer's name or key. Ours have less than a hundred."""
_NUMBER = re.compile(r"[0-9]{1,15}")
_LARGEST_RATIO = 2.0
"""Compression adds a few percent at most to what it cannot shrink."""


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
    except (ValueError, LookupError, TypeError, AttributeError):
        pass  # damaged, or written by another version: the layers are made again, and so is the record
    return None


class _NotOurs(ValueError):
    """A record is not as this tool writes it."""


def _parsed(content: bytes, client: RegistryClient, repository: str) -> Record | None:
    document = parse_json(content)
    if document["artifactType"] != RECORD_TYPE:
        return None
    entries = [entry for entry in document["layers"] if entry["mediaType"] != EMPTY.media_type]
    if len(entries) > MOST_LAYERS:
        raise _NotOurs
    layers = tuple(_recorded(entry, client, repository) for entry in entries)
    annotations = {_text(name): _text(value) for name, value in (document.get("annotations") or {}).items()}
    config = _kept_config(document["config"], client, repository)
    kind = OCI_CONFIG if config == EMPTY_CONTENT else _text(document["config"]["mediaType"])
    return Record(layers, annotations, config, kind)


def _kept_config(plain: Mapping[str, Any], client: RegistryClient, repository: str) -> bytes:
    """What is kept beside the layers, from the record itself or from a blob; held to its digest and its size."""
    if plain["mediaType"] == EMPTY.media_type:
        return EMPTY_CONTENT
    digest, size = parse_digest(plain["digest"]), _count(plain["size"], _LARGEST_CONFIG)
    if "data" in plain:
        try:
            config = base64.b64decode(plain["data"], validate=True)
        except binascii.Error as error:
            raise _NotOurs from error
    else:
        config = _read_config(Access(repository), digest, size, client)
    if digest_of(config) != digest or len(config) != size:
        raise _NotOurs
    return config


def _read_config(access: Access, digest: Digest, size: int, client: RegistryClient) -> bytes:
    """As much of a blob as was announced.

    Raises:
        ValueError: It is gone: somebody cleans the registry by hand.
        RegistryFailed: The registry broke off.
    """
    try:
        with closing(io.BufferedReader(BlobStream(client, access, digest))) as stream:
            return stream.read(size)
    except RegistryRefused as refused:
        raise _NotOurs from refused


def _recorded(plain: Mapping[str, Any], client: RegistryClient, repository: str) -> RecordedLayer:
    facts = plain["annotations"]
    digest, ratio = parse_digest(plain["digest"]), facts.get(f"{FACTS}ratio")
    compression = Compression(facts[f"{FACTS}compression"])
    if compression is Compression.AUTO or plain["mediaType"] != kind_of(compression):
        raise _NotOurs
    layer = Layer(
        name=_text(facts[f"{FACTS}name"]),
        digest=digest,
        diff_id=parse_digest(facts[f"{FACTS}diff-id"]),
        size=_count(plain["size"], LARGEST_LAYER),
        media_type=kind_of(compression),
        open=lambda: cast("BinaryIO", BlobStream(client, Access(repository), digest)),
        tree_size=_number(facts[f"{FACTS}tree-size"]),
        compression=compression,
        repository=repository,
        ratio=None if ratio is None else _share(ratio),
    )
    return RecordedLayer(_text(facts[f"{FACTS}key"]), layer)


def _text(value: object) -> str:
    """A text that may stand in a log."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > _LONGEST:
        raise _NotOurs
    return value


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise _NotOurs
    return int(text)


def _count(value: object, most: int) -> int:
    """Bytes."""
    if type(value) is not int or not 0 <= value <= most:
        raise _NotOurs
    return value


def _share(text: str) -> float:
    ratio = float(text)
    if not (math.isfinite(ratio) and 0 <= ratio <= _LARGEST_RATIO):
        raise _NotOurs
    return ratio
