"""Parts of an image that a record keeps: layers that belong together, found again by what they were made of."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from functions_model.image.assembly import Base
from functions_model.image.configs import parse_config
from functions_model.image.layers import Layer
from functions_model.image.manifests import EMPTY_CONTENT, OCI_CONFIG
from functions_model.pipeline.events import LayerOrigin, LayerReady
from functions_model.pipeline.prepare import Making
from functions_model.preflight.inventory import INVENTORY_TYPE, Inventory
from functions_model.registry import Record, RecordedLayer, RecordToWrite, find_record
from functions_model.registry.access import Access
from functions_model.registry.client import RegistryClient
from functions_model.registry.content import has_whole_blob


@dataclass(frozen=True, slots=True)
class Part:
    """Layers that belong together.

    Attributes:
        key: 32 hex digits over all that decides.
        layers: The lowest first.
        config: What is kept beside them: an image configuration that goes with them, or the dependencies' inventory.
        config_type: What that is.
        recorded: Whether a record keeps them already.
    """

    key: str
    layers: tuple[Layer, ...]
    config: bytes = EMPTY_CONTENT
    config_type: str = OCI_CONFIG
    recorded: bool = False

    @property
    def inventory(self) -> Inventory | None:
        """What dependencies bring; None where a run of another version has not kept it."""
        return Inventory.from_bytes(self.config) if self.config_type == INVENTORY_TYPE else None

    @property
    def kept(self) -> tuple[RecordedLayer, ...]:
        """The layers with their key."""
        return tuple(RecordedLayer(self.key, layer) for layer in self.layers)

    def record(self, repository: str, annotations: Mapping[str, str]) -> RecordToWrite:
        """What is kept of it for all images of the registry."""
        return RecordToWrite(repository, _tag(self.key), Record(self.kept, annotations, self.config, self.config_type))


def find_part(key: str, making: Making, *, configured: bool = False) -> Part | None:
    """A part that an earlier run made: for this repository's last image, or for any image of the registry.

    A record is believed only where the registry has each of its layers, in the size that it says: layers can be lost
    where somebody cleans a registry by hand. Otherwise the part is made again, and so is the record.

    Args:
        key: What it was made of.
        making: Where to look.
        configured: Whether the configuration of an image goes with it, which only the cache repository keeps.
    """
    started = time.monotonic()
    cache, session = making.spec.build.cache_repository, making.session
    client = session.client_of(session.host)
    found = None if configured else _found(making.last_record, key, client)
    if found is None and cache:
        found = _found(find_record(client, cache, _tag(key)), key, client)
    if found and configured and not _is_of(found, making.base):
        return None
    for layer in found.layers if found else ():
        making.world.tell(LayerReady(layer, LayerOrigin.FOUND, time.monotonic() - started))
    return found


def _found(record: Record | None, key: str, client: RegistryClient) -> Part | None:
    layers = tuple(kept.layer for kept in record.layers if kept.key == key) if record else ()
    if record is None or not layers:
        return None
    there = [has_whole_blob(client, Access(each.repository), each.digest, each.size) for each in layers]
    return Part(key, layers, record.config, record.config_type, recorded=True) if all(there) else None


def _is_of(part: Part, base: Base) -> bool:
    """Whether a part's configuration is that of an image made from a base."""
    try:
        config = parse_config(part.config)
    except ValueError:
        return False
    kept = config.diff_ids
    return config.platform == base.config.platform and kept == base.config.diff_ids[: len(kept)]


def _tag(key: str) -> str:
    return f"env-{key}"
