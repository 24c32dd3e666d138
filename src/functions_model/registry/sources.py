"""Where the bytes of a blob come from: memory, files, or a registry."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.core.digests import Digest, digest_of
from functions_model.registry.access import Access
from functions_model.registry.content import BLOCK, stream_blob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions_model.image.layers import Layer
    from functions_model.image.manifests import Descriptor
    from functions_model.registry.client import RegistryClient


@dataclass(frozen=True, slots=True)
class BlobSource:
    """A blob to be sent.

    Attributes:
        name: For people.
        digest: What it must have.
        size: Bytes.
        open: Its blocks, from the first byte, each time anew.
        passing: Whether wrong bytes may be right the next time: they come over a network, not from our files.
        content: All of it, where it is small; `open` gives the same.
    """

    name: str
    digest: Digest
    size: int
    open: Callable[[], AbstractContextManager[Iterator[bytes]]]
    passing: bool = False
    content: bytes | None = None


def bytes_source(name: str, content: bytes) -> BlobSource:
    """A small blob at hand."""

    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        yield iter((content,))

    return BlobSource(name, digest_of(content), len(content), opened, content=content)


def layer_source(layer: Layer, client: RegistryClient) -> BlobSource:
    """A layer: made on this machine, or one that lies in a repository of the registry."""
    if layer.repository:
        return registry_source(layer.name, layer.descriptor, client, layer.repository)

    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        with layer.open() as stream:
            yield iter(lambda: stream.read(BLOCK), b"")

    return BlobSource(layer.name, layer.digest, layer.size, opened)


def registry_source(name: str, descriptor: Descriptor, client: RegistryClient, repository: str) -> BlobSource:
    """A blob that a registry has."""
    access = Access(repository)

    def opened() -> AbstractContextManager[Iterator[bytes]]:
        return stream_blob(client, access, descriptor.digest)

    return BlobSource(name, descriptor.digest, descriptor.size, opened, passing=True)
