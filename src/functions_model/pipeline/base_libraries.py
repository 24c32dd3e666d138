"""The shared libraries of a base image: read from its own layers once, and kept in the registry by its digest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import canonical_json, short
from functions_model.core.strict_json import parse_json
from functions_model.image.assembly import Base
from functions_model.image.foreign_tar import BROKEN, members_of
from functions_model.preflight.linking import IS_LIBRARY
from functions_model.registry import Record, RecordToWrite, find_record
from functions_model.registry.access import Access
from functions_model.registry.client import RegistryClient
from functions_model.registry.content import BlobStream

_LARGEST_LAYER = 16 << 30
"""Bytes, unpacked. Microsoft's largest has less than one GB, those with CUDA have six."""
LIBRARIES_TYPE = "application/vnd.functions-model.libraries.v1+json"


@dataclass(slots=True)
class BaseLibraries:
    """Those of one base image, looked up when somebody asks.

    Attributes:
        base: The image.
        client_of: The client for a registry, by its host.
        home: The registry that keeps them.
        cache: The repository there; None: nobody keeps them.
        keeps: Whether what was read is kept for later runs: a plan writes nothing.
        insists: Whether they are read even where nobody keeps them.
        tell: Takes a line for the log.
        read: What was read from the layers, in this run; None where nothing was.
    """

    base: Base
    client_of: Callable[[str], RegistryClient]
    home: str
    cache: str | None
    keeps: bool
    insists: bool = False
    tell: Callable[[str], None] = print
    read: frozenset[str] | None = field(default=None, init=False)

    def names(self) -> frozenset[str] | None:
        """The names of their files; None where they are not known. Reading them takes the time of a pull."""
        record = find_record(self.client_of(self.home), self.cache, self._tag) if self.cache else None
        if record and record.config_type == LIBRARIES_TYPE and (kept := _names(record.config)) is not None:
            return kept
        if (self.keeps and self.cache) or self.insists:
            self.read = self._of_layers()
        return self.read

    def record(self) -> RecordToWrite | None:
        """What is to be kept of it; None where nothing new was read."""
        if self.read is None or not self.cache or not self.keeps:
            return None
        return RecordToWrite(self.cache, self._tag, Record((), {}, canonical_json(sorted(self.read)), LIBRARIES_TYPE))

    @property
    def _tag(self) -> str:
        return f"libraries-{short(self.base.digest, 32)}"

    def _of_layers(self) -> frozenset[str] | None:
        reference = self.base.reference
        client, access = self.client_of(reference.registry), Access(reference.repository)
        self.tell(f"Reading which shared libraries `{reference}` has, once for all images.")
        found: set[str] = set()
        try:
            for layer in self.base.manifest.layers:
                with closing(BlobStream(client, access, layer.digest)) as stream:
                    found.update(libraries_in(cast("BinaryIO", stream)))
        except (RegistryFailed, *BROKEN):
            return None  # whoever pulls the base says what is wrong with it
        return frozenset(found)


def libraries_in(layer: BinaryIO) -> Iterable[str]:
    """The names of the shared libraries in a layer. What later layers remove counts as there.

    Raises:
        Exception: One of `BROKEN`: it is packed in a way that Python cannot read, or is larger than any layer.
    """
    for member, _ in members_of(layer, _LARGEST_LAYER):
        name = PurePosixPath(member.name).name
        if IS_LIBRARY.search(name) and not name.startswith(".wh."):
            yield name


def _names(content: bytes) -> frozenset[str] | None:
    try:
        names = parse_json(content)
    except ValueError:
        return None
    return frozenset(map(str, names)) if isinstance(names, list) else None
