"""The bytes of a blob: where they come from, and how they go out: counted, and never more or less than announced."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from typing import Any

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import Digest, digest_of, parse_digest
from functions_model.core.sending import AttemptFailed
from functions_model.core.work import Progress, Report, Stop
from functions_model.image.layers import Layer, LayerStream
from functions_model.image.manifests import Descriptor
from functions_model.registry.access import Access
from functions_model.registry.client import RegistryClient
from functions_model.registry.content import BLOCK, stream_blob


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


_REMEDY = "Run again when nothing writes to the files."


class Body:
    """A body of unknown length: requests sends it in chunks, each with its own length before it.

    A block is handed on as it is, in slices of 1 MiB at most: a slow line must take each within the socket's timeout.

    Args:
        name: For people.
        opened: The blocks, from the first byte.
        size: Bytes in all; None when nobody knows yet.
        differs: The error for a body that is longer or shorter than `size`.
        report: Told of every slice.
        stop: Ends the body when another part of the push failed.
    """

    def __init__(
        self,
        name: str,
        opened: Callable[[], AbstractContextManager[Iterator[bytes]]],
        *,
        size: int | None,
        differs: Callable[[], Exception],
        report: Report,
        stop: Stop,
    ) -> None:
        self._name, self._opened, self._size = name, opened, size
        self._differs, self._report, self._stop = differs, report, stop
        self.done = 0

    def __iter__(self) -> Iterator[memoryview]:
        """The slices, once."""
        with self._opened() as blocks:
            for block in _read(blocks, f"send {self._name}"):
                # The announced length must be kept: the registry would take more for the next request.
                if self._size is not None and self.done + len(block) > self._size:
                    raise self._differs()
                yield from self._slices(memoryview(block))
        if self._size is not None and self.done != self._size:
            raise self._differs()

    def _slices(self, block: memoryview) -> Iterator[memoryview]:
        for start in range(0, len(block), BLOCK):
            self._stop.check()
            piece = block[start : start + BLOCK]
            self.done += len(piece)
            self._report(self.progress())
            yield piece

    def progress(self, *, finished: bool = False) -> Progress:
        """How far it is."""
        return Progress(f"send {self._name}", self.done, self._size, finished)


class SizedBody(Body):
    """A body of known length, which requests announces as Content-Length."""

    def __len__(self) -> int:
        """Bytes in all."""
        return self._size or 0


def blob_body(source: BlobSource, report: Report, stop: Stop) -> tuple[SizedBody, Callable[[], None]]:
    """The body for a blob whose digest is known, and the check that it was what went out.

    The check raises like the body: `AttemptFailed` when another attempt may mend it, else `RegistryFailed`.
    """
    digest = hashlib.sha256()

    def differs() -> Exception:
        return _differs(source)

    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        with source.open() as blocks:
            yield _hashed(blocks, digest)

    def check() -> None:
        if parse_digest(f"sha256:{digest.hexdigest()}") != source.digest:
            raise differs()

    return SizedBody(source.name, opened, size=source.size, differs=differs, report=report, stop=stop), check


def stream_body(stream: LayerStream, report: Report, stop: Stop) -> Body:
    """The body for a layer whose digest comes out at its end."""

    def differs() -> Exception:
        what = f"it does not have the {stream.size} bytes that it should have"
        return RegistryFailed(f"send {stream.name}", what, _REMEDY)

    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        with closing(stream.blocks()) as blocks:
            yield blocks

    kind = Body if stream.size is None else SizedBody
    return kind(stream.name, opened, size=stream.size, differs=differs, report=report, stop=stop)


def _read(blocks: Iterator[bytes], action: str) -> Generator[bytes, None, None]:
    """The blocks; a file that cannot be read is told as such, and not as a connection that broke."""
    while True:
        try:
            block = next(blocks, None)
        except OSError as error:
            raise RegistryFailed(action, f"its files cannot be read ({error.strerror or error})", _REMEDY) from error
        if block is None:
            return
        yield block


def _hashed(blocks: Iterator[bytes], digest: Any) -> Iterator[bytes]:
    for block in blocks:
        digest.update(block)
        yield block


def _differs(source: BlobSource) -> Exception:
    action = f"send {source.name}"
    if source.passing:
        what = f"what was read is not {source.digest}"
        return AttemptFailed(RegistryFailed(action, what, "Run again; if it stays, the image that has it is broken."))
    return RegistryFailed(action, f"its bytes are no longer those of {source.digest}", _REMEDY)
