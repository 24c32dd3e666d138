"""How a layer's tar is packed: gzip for what shrinks, gzip framing without compression for what does not.

ISA-L's level 1 is chosen for two reasons. It is 4 to 13 times faster than the standard library at the same size. And
its bytes are the same on every x86-64 processor with SSE4.2 (2008 and later); measured on four processor models, where
level 3 gave two answers. One thread, fixed block size: so a tree has one digest.
"""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from isal import isal_zlib

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from functions_model.image.files import FileTree


class Compression(enum.StrEnum):
    """The form that a layer is sent in."""

    AUTO = "auto"
    """`gzip` or `stored`, whichever a sample of the files speaks for."""
    GZIP = "gzip"
    """Compressed. For dependencies and text."""
    STORED = "stored"
    """Framed as gzip, not compressed. For weights: every engine reads it, and nothing is spent on it."""
    RAW = "raw"
    """The plain tar. The fastest to pull and legal OCI, but not every platform is known to accept it."""


_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""RFC 1952: deflate, no name, no time, unknown system."""
_STORED_MOST = 65535
"""Bytes in one stored deflate block, RFC 1951 section 3.2.4."""
_PIECE = 16 * _STORED_MOST
_SAMPLE_FILES, _SAMPLE_BYTES, _SAMPLE_PLACES = 16, 65536, 4
_WORTH_IT = 0.92
"""Above this share of its size, a layer costs more time to compress and to unpack than its bytes take to send."""


class _Deflater(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


def pack(pieces: Iterable[bytes], compression: Compression) -> Iterator[bytes]:
    """The packed form of a tar, piece by piece. `AUTO` must have been decided before.

    Raises:
        ValueError: The compression is `AUTO`.
    """
    if compression is Compression.AUTO:
        message = "decide with `choose` first"
        raise ValueError(message)
    if compression is Compression.RAW:
        return iter(pieces)
    deflater = _StoredBlocks() if compression is Compression.STORED else _isal()
    return _gzip(pieces, deflater)


def choose(tree: FileTree) -> Compression:
    """Gzip or stored, by compressing pieces of the tree's largest files. The answer depends on the tree alone."""
    sizes = [(file.size, file) for file in tree.files]
    largest = sorted(sizes, key=lambda pair: (-pair[0], pair[1].path))[:_SAMPLE_FILES]
    total = packed = 0.0
    for size, file in largest:
        sample = b"" if not isinstance(file.content, Path | bytes) else _sample(file.content, size)
        if sample:
            total += size
            packed += size * len(isal_zlib.compress(sample, 1)) / len(sample)
    return Compression.STORED if total and packed / total > _WORTH_IT else Compression.GZIP


def _sample(content: Path | bytes, size: int) -> bytes:
    """Pieces from places spread evenly over the content."""
    step = max(_SAMPLE_BYTES, size // _SAMPLE_PLACES)
    starts = range(0, size, step)[:_SAMPLE_PLACES]
    if isinstance(content, bytes):
        return b"".join(content[start : start + _SAMPLE_BYTES] for start in starts)
    taken = []
    with content.open("rb", buffering=0) as stream:
        for start in starts:
            stream.seek(start)
            taken.append(stream.read(_SAMPLE_BYTES))
    return b"".join(taken)


def _isal() -> _Deflater:
    deflater: _Deflater = isal_zlib.compressobj(level=1, wbits=-15)
    return deflater


class _StoredBlocks:
    """Deflate that does not compress, with the interface of a compressor."""

    def compress(self, data: bytes, /) -> bytes:
        framed: list[bytes | memoryview] = []
        for start in range(0, len(data), _STORED_MOST):
            block = memoryview(data)[start : start + _STORED_MOST]
            framed += [_stored_header(len(block), last=False), block]
        return b"".join(framed)

    def flush(self) -> bytes:
        return _stored_header(0, last=True)


def _stored_header(length: int, *, last: bool) -> bytes:
    return bytes((last,)) + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little")


def _gzip(pieces: Iterable[bytes], deflater: _Deflater) -> Iterator[bytes]:
    check = size = 0
    yield _HEADER
    for block in _even(pieces):
        check = isal_zlib.crc32(block, check)
        size += len(block)
        if packed := deflater.compress(block):
            yield packed
    yield deflater.flush() + check.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


def _even(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of one size, so that the compressor's answer cannot depend on how they came."""
    waiting: list[bytes] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= _PIECE:
            joined = b"".join(waiting)
            whole = length - length % _PIECE
            for start in range(0, whole, _PIECE):
                yield joined[start : start + _PIECE]
            waiting, length = [joined[whole:]], length - whole
    if length:
        yield b"".join(waiting)
