"""Archives from outside, read in order and within bounds: they may unpack to any size, or name any length."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Generator
from typing import BinaryIO, cast

_LARGEST_READ = 1 << 20
"""Bytes of one header. Names, and what goes with them, have some hundred; a file's content is not read at once."""
_GZIP = b"\x1f\x8b"
BROKEN = (tarfile.TarError, EOFError, OSError, zlib.error, ValueError)
"""What reading a broken archive raises."""


def members_of(stream: BinaryIO, most: int) -> Generator[tuple[tarfile.TarInfo, tarfile.TarFile], None, None]:
    """What an archive holds, packed with gzip or not, in order. Each with the archive, which is at its content.

    Whoever stops in the middle closes the generator.

    Args:
        stream: Its bytes; read once, forwards.
        most: Bytes, unpacked, that are looked at.

    Raises:
        tarfile.TarError, EOFError, OSError, zlib.error, ValueError: It is broken, is packed in another way, or is
            larger; `BROKEN` has all of them.
    """
    buffered = io.BufferedReader(cast("io.RawIOBase", stream))
    try:
        packed = buffered.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
        plain = gzip.GzipFile(fileobj=buffered) if packed else buffered
        forwards = cast("BinaryIO", _Forwards(cast("BinaryIO", plain), most))
        with tarfile.open(fileobj=forwards, mode="r:") as archive:
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # it would keep every one
                yield member, archive
    finally:
        buffered.detach()  # the stream is its owner's


class _Forwards:
    """A stream as `tarfile` wants a file: it can tell where it is, and go on from there."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._stream, self._most, self._at = stream, most, 0

    def tell(self) -> int:
        return self._at

    def read(self, size: int) -> bytes:
        if size > _LARGEST_READ:
            raise tarfile.ReadError("a header is too large")
        taken = bytearray()
        while len(taken) < size and (piece := self._stream.read(size - len(taken))):
            taken += piece
        self._at += len(taken)
        if self._at > self._most:
            raise tarfile.ReadError("it is too large")
        return bytes(taken)

    def seek(self, place: int) -> int:
        if place < self._at:
            raise tarfile.StreamError("it is read forwards")
        while self._at < place:
            if not self.read(min(place - self._at, _LARGEST_READ)):
                raise tarfile.ReadError("it is cut off")
        return self._at
