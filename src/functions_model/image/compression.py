"""How a layer's tar is packed: gzip for what shrinks, gzip framing without compression for what does not.

A tree has one digest on every machine. So the compressor is libdeflate, whose bytes depend on its version alone
(ebiggers/libdeflate#400), and not ISA-L, which is twice as fast but gives other bytes on arm64 (decision 49). Level 1
packs two to three times as fast as the standard library, and to less.

libdeflate compresses a whole buffer. So a layer is a row of gzip members, each of one megabyte, which RFC 1952
(section 2.2) makes a gzip file. eStargz layers, which every engine pulls, have the same form.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import deflate

from functions_model.image.files import FileTree, largest, read_at
from functions_model.image.tar import tar_size


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
_LEVEL = 1
_SAMPLE_FILES, _SAMPLE_BYTES, _SAMPLE_PLACES = 16, 65536, 4
_FRAME = 0.03
"""What the headers of a tar and its padding shrink to. They outweigh small files."""
_WORTH_IT = 0.92
"""Above this share of its size, a layer costs more time to compress and to unpack than its bytes take to send."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How a layer will be packed, and why.

    Attributes:
        compression: Never `AUTO`.
        ratio: What the layer would shrink to, as a share of its size, by a sample; None when nobody asked a sample.
    """

    compression: Compression
    ratio: float | None = None


def choose(tree: FileTree, *, size: int | None = None) -> Choice:
    """Gzip or stored, by compressing pieces of the tree's largest files. The answer depends on the tree alone.

    Args:
        tree: What will be packed.
        size: Of its tar in bytes, for those who know it.

    Raises:
        BundleFailed: A file is gone, or may not be read.
    """
    weighed = sampled = 0.0
    for file in largest(tree, _SAMPLE_FILES):
        if sample := read_at(file, _places(file.size), _SAMPLE_BYTES):
            weighed += file.size
            sampled += file.size * len(deflate.deflate_compress(sample, _LEVEL)) / len(sample)
    if not weighed:
        return Choice(Compression.GZIP)
    content, whole = tree.size, size or tar_size(tree)
    ratio = (content * sampled / weighed + (whole - content) * _FRAME) / whole
    return Choice(Compression.STORED if ratio > _WORTH_IT else Compression.GZIP, ratio)


def _places(size: int) -> range:
    """Where to look, spread evenly over a file."""
    return range(0, size, max(_SAMPLE_BYTES, size // _SAMPLE_PLACES))[:_SAMPLE_PLACES]


def pack(pieces: Iterable[bytes], compression: Compression) -> Iterator[bytes]:
    """The packed form of a tar, piece by piece. `AUTO` must have been decided before.

    Raises:
        ValueError: The compression is `AUTO`.
    """
    if compression is Compression.AUTO:
        raise ValueError("decide with `choose` first")
    if compression is Compression.RAW:
        return iter(pieces)
    return _stored(pieces) if compression is Compression.STORED else _gzip(pieces)


def packed_size(size: int, compression: Compression) -> int | None:
    """How many bytes `pack` makes of a tar of this size; None when only packing can tell."""
    if compression is Compression.RAW:
        return size
    if compression is not Compression.STORED:
        return None
    blocks = -(-size // _STORED_MOST) + 1  # the last one is empty
    return len(_HEADER) + size + blocks * len(_FULL) + _TRAILER_SIZE


def _gzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for block in _even(pieces):
        yield bytes(deflate.gzip_compress(block, _LEVEL))


def _stored(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Deflate that does not compress. Each piece is copied once, when its blocks are joined with their headers."""
    check = size = 0
    begun: list[memoryview] = []  # a block that is not full yet: its header has to tell its length
    room = _STORED_MOST
    framed: list[bytes | memoryview] = [_HEADER]
    for piece in pieces:
        check = deflate.crc32(piece, check)
        size += len(piece)
        rest = memoryview(piece)
        while len(rest) >= room:
            framed += [_FULL, *begun, rest[:room]]
            rest, begun, room = rest[room:], [], _STORED_MOST
        if rest:
            begun.append(rest)
            room -= len(rest)
        if framed:
            yield b"".join(framed)
            framed = []
    if begun:
        framed += [_stored_header(_STORED_MOST - room, last=False), *begun]
    yield b"".join([*framed, _stored_header(0, last=True), _trailer(check, size)])


def _stored_header(length: int, *, last: bool) -> bytes:
    return bytes((last,)) + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little")


_FULL = _stored_header(_STORED_MOST, last=False)
_TRAILER_SIZE = 8


def _trailer(check: int, size: int) -> bytes:
    return check.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


def _even(pieces: Iterable[bytes]) -> Iterator[bytes | memoryview]:
    """The same bytes in blocks of one size, so that the compressor's answer cannot depend on how they came."""
    begun: list[memoryview] = []
    room = _PIECE
    for piece in pieces:
        rest = memoryview(piece)
        while len(rest) >= room:
            yield b"".join([*begun, rest[:room]]) if begun else rest[:room]
            rest, begun, room = rest[room:], [], _PIECE
        if rest:
            begun.append(rest)
            room -= len(rest)
    if begun:
        yield b"".join(begun)
