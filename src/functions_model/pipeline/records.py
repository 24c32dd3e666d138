"""Layers that a record in the registry keeps under one key: the same key means the same layers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.image.manifests import EMPTY_CONTENT
from functions_model.pipeline.events import LayerOrigin, LayerReady
from functions_model.registry import Record, RecordedLayer, RecordToWrite, find_record
from functions_model.registry.access import Access
from functions_model.registry.content import has_blob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.image.layers import Layer
    from functions_model.pipeline.prepare import Making
    from functions_model.registry.client import RegistryClient


@dataclass(frozen=True, slots=True)
class Part:
    """Layers that belong together.

    Attributes:
        key: 32 hex digits over all that decides.
        layers: The lowest first.
        config: An image configuration that goes with them; `{}` where they change none.
        recorded: Whether a record keeps them already.
    """

    key: str
    layers: tuple[Layer, ...]
    config: bytes = EMPTY_CONTENT
    recorded: bool = False

    @property
    def kept(self) -> tuple[RecordedLayer, ...]:
        """The layers with their key."""
        return tuple(RecordedLayer(self.key, layer) for layer in self.layers)

    def record(self, repository: str, annotations: Mapping[str, str]) -> RecordToWrite:
        """What is kept of it for all images of the registry."""
        return RecordToWrite(repository, _tag(self.key), Record(self.kept, annotations, self.config))


def find_part(key: str, making: Making, *, configured: bool = False) -> Part | None:
    """A part that an earlier run made: for this repository's last image, or for any image of the registry.

    Args:
        key: What it was made of.
        making: Where to look.
        configured: Whether a configuration goes with it, which only the cache repository keeps.
    """
    started = time.monotonic()
    found = None if configured else _found(making.last, key)
    cache, session = making.spec.build.cache_repository, making.session
    if found is None and cache:
        found = _of_cache(key, cache, session.client_of(session.host))
    for layer in found.layers if found else ():
        making.parts.tell(LayerReady(layer, LayerOrigin.FOUND, time.monotonic() - started))
    return found


def _of_cache(key: str, cache: str, client: RegistryClient) -> Part | None:
    """What the cache repository keeps, if it is whole: layers can be lost where somebody cleans a registry by hand."""
    part = _found(find_record(client, cache, _tag(key)), key)
    whole = part is not None and all(has_blob(client, Access(cache), layer.digest) for layer in part.layers)
    return part if whole else None


def _found(record: Record | None, key: str) -> Part | None:
    layers = tuple(kept.layer for kept in record.layers if kept.key == key) if record else ()
    return Part(key, layers, record.config, recorded=True) if record and layers else None


def _tag(key: str) -> str:
    return f"env-{key}"
