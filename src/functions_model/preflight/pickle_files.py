"""Files that hold pickles, in each of their wrappings, and what the pickles in them name."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import warnings
import zipfile
import zlib
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Self

from functions_model.image.opened import opened
from functions_model.preflight.pickle_machine import Global, Named, NotFollowed, TooLong, follow

MOST_READ = 64 << 20
"""Bytes that are read of one file, after its compression. Arrays in a file that is not compressed are skipped."""
_LARGE = 1 << 20
"""Bytes: strings of bytes from that length on are skipped where that saves reading them."""
_LINE = 1 << 16
_FARTHEST = 1 << 48
"""Bytes: a length beyond is none, and no file can be read from there."""
SUFFIXES = frozenset({".pkl", ".pickle", ".pck", ".pk", ".p", ".joblib", ".jl", ".sav", ".skops"})
"""Usual endings. Files of protocols 0 and 1, which begin with any letter, are known by them alone."""
_PROTOCOLS = frozenset(bytes([0x80, number]) for number in range(2, 6))
_MAX_HEADER = 18
"""Characters of the length in files of joblib before 0.9.3, `numpy_pickle_compat.read_zfile`; behind `ZF`."""


@dataclass(frozen=True, slots=True)
class Pickled:
    """What a file names.

    Attributes:
        found: What is imported when it is loaded.
        sklearn: The versions of scikit-learn that wrote it.
        whole: Whether it was followed to its end.
    """

    found: tuple[Global, ...]
    sklearn: tuple[str, ...] = ()
    whole: bool = True


def look_into(file: Path) -> Pickled | None:
    """What a file names when it is loaded; None when it is no pickle, or is packed in a way that is not known here.

    Args:
        file: Of any kind, on this machine.

    Raises:
        OSError: It cannot be read.
    """
    with opened(file) as stream, warnings.catch_warnings(action="ignore"):  # of escapes in texts
        head = stream.read(_MAX_HEADER + 3)
        stream.seek(0)
        if head.startswith(b"PK\x03\x04"):
            return _of_archive(stream, file)
        unpacked = next((unpacked for begins, unpacked in _PACKED if begins(head)), None)
        if unpacked is None:
            return _of_stream(lambda: _Limited(_rewound(stream), skips=True), file)
        with suppress(OSError, EOFError, ValueError, lzma.LZMAError, zlib.error):
            return _of_stream(lambda: _Limited(unpacked(stream)), file)
    return None


class _Limited:
    """A stream that ends after `MOST_READ` bytes."""

    def __init__(self, stream: IO[bytes], *, skips: bool = False) -> None:
        self._stream, self._skips, self._left = stream, skips, MOST_READ

    def read(self, count: int) -> bytes:
        if count > _LARGE and self._skips:
            self.skip(count)
            return _Skipped(count)
        self._left -= count
        if self._left < 0:
            raise TooLong
        return self._stream.read(count)

    def readline(self) -> bytes:
        line = self._stream.readline(_LINE)
        self._left -= len(line)
        if self._left < 0:
            raise TooLong
        return line

    def skip(self, count: int) -> None:
        if not 0 <= count <= _FARTHEST:
            raise NotFollowed
        if self._skips:
            self._stream.seek(count, io.SEEK_CUR)
            return
        while count > 0:
            count -= len(self.read(min(count, _LARGE))) or count


class _Skipped(bytes):
    """Bytes that were not read: their length alone is true."""

    _length: int

    def __new__(cls, length: int) -> Self:
        skipped = super().__new__(cls)
        skipped._length = length
        return skipped

    def __len__(self) -> int:
        return self._length


def _of_stream(begin: Callable[[], _Limited], file: Path) -> Pickled | None:
    """What the pickles in a stream name, one behind the other.

    Args:
        begin: Gives the stream at its beginning; called again, it gives it anew.
        file: Where it is.
    """
    named, whole, stream = Named(), True, begin()
    head = stream.read(2)
    protocol = head[1] if head in _PROTOCOLS else 0
    if not protocol:
        if file.suffix.lower() not in SUFFIXES or not head:
            return None
        stream = begin()
    try:
        follow(stream, named)
        # Several objects may lie in one file, and PyTorch's before 1.6 has three numbers in front of the model:
        # https://github.com/pytorch/pytorch/blob/main/torch/serialization.py, `_legacy_save`.
        while stream.read(2) in _PROTOCOLS:
            follow(stream, named)
    except TooLong:
        whole = False
    except NotFollowed:
        whole = False
        if not named.found:
            return None
    found = (_renamed(one) for one in named.found) if protocol < _PYTHON_3 else named.found
    return Pickled(tuple(found), tuple(named.sklearn), whole)


_PYTHON_3 = 3
"""The first protocol that has Python 3's own names: what is older is read with Python 2's, and translated."""


def _renamed(one: Global) -> Global:
    """A name of Python 2 as the one that `pickle` takes for it."""
    module, name = NAME_MAPPING.get((one.module, one.name), (one.module, one.name))
    return Global(IMPORT_MAPPING.get(module, module), name)


class _Zlib(io.RawIOBase):
    """What zlib packed, read in pieces."""

    def __init__(self, packed: IO[bytes]) -> None:
        super().__init__()
        self._packed, self._unpack = packed, zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = b""
        while not data and not self._unpack.eof:
            packed = self._unpack.unconsumed_tail or self._packed.read(1 << 16)
            if not packed:
                break
            data = self._unpack.decompress(packed, len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _zlib(stream: IO[bytes]) -> IO[bytes]:
    stream.seek(0)
    return io.BufferedReader(_Zlib(stream))


def _z_file(stream: IO[bytes]) -> IO[bytes]:
    """Behind a length in hexadecimal digits, and sometimes one space more."""
    stream.seek(len(b"ZF") + _MAX_HEADER)
    if stream.read(1) != b" ":
        stream.seek(len(b"ZF") + _MAX_HEADER)
    return io.BufferedReader(_Zlib(stream))


def _from_start(opened: Callable[[IO[bytes]], Any]) -> Callable[[IO[bytes]], IO[bytes]]:
    def begin(stream: IO[bytes]) -> IO[bytes]:
        stream.seek(0)
        return io.BufferedReader(opened(stream))

    return begin


def _is_zlib(head: bytes) -> bool:
    """RFC 1950, 2.2: the first two bytes are a multiple of 31."""
    return head[:1] == b"\x78" and len(head) > 1 and (head[0] << 8 | head[1]) % 31 == 0


def _begins(prefix: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(prefix)


_PACKED: tuple[tuple[Callable[[bytes], bool], Callable[[IO[bytes]], IO[bytes]]], ...] = (
    (_is_zlib, _zlib),
    (_begins(b"ZF0x"), _z_file),
    (_begins(b"\x1f\x8b"), _from_start(lambda stream: gzip.GzipFile(fileobj=stream))),
    (_begins(b"BZh"), _from_start(bz2.BZ2File)),
    (_begins(b"\xfd7zXZ"), _from_start(lzma.LZMAFile)),
    (_begins(b"]\x00\x00"), _from_start(lzma.LZMAFile)),
)
"""As joblib knows them, by their first bytes: https://github.com/joblib/joblib/blob/main/joblib/compressor.py. LZ4 is
left out: the standard library cannot read it."""


def _of_archive(stream: IO[bytes], file: Path) -> Pickled | None:
    """What a ZIP file of PyTorch or skops names."""
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            if "schema.json" in names:
                with archive.open("schema.json") as member:
                    return _of_schema(member)
            inside = [name for name in names if name.rpartition("/")[2] == "data.pkl" and name.count("/") <= 1]
            if len(inside) != 1:
                return None
            with archive.open(inside[0]) as member:
                return _without_own(_of_stream(lambda: _Limited(_rewound(member)), file))
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error):
        return None


def _rewound(member: IO[bytes]) -> IO[bytes]:
    member.seek(0)
    return member


def _without_own(pickled: Pickled | None) -> Pickled | None:
    """Without classes that a file of TorchScript brings itself."""
    if pickled is None:
        return None
    found = tuple(one for one in pickled.found if one.module.partition(".")[0] != "__torch__")
    return replace(pickled, found=found)


def _of_schema(member: IO[bytes]) -> Pickled | None:
    """What a file of skops names: https://github.com/skops-dev/skops/blob/main/skops/io/_persist.py."""
    text = member.read(MOST_READ + 1)
    if len(text) > MOST_READ:
        return None
    try:
        nodes = list(_nodes(json.loads(text)))
    except RecursionError:
        return None
    found = {
        Global(str(node["__module__"]), str(node["__class__"])): None
        for node in nodes
        if "__module__" in node and "__class__" in node
    }
    written = (node.get("_sklearn_version") for node in nodes)
    texts = (one.get("content") for one in written if isinstance(one, dict))
    versions = {text.strip('"'): None for text in texts if isinstance(text, str)}
    return Pickled(tuple(found), tuple(versions)) if found else None


def _nodes(value: object) -> Iterator[Mapping[str, Any]]:
    """Every mapping in a document, at any depth."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(inner)
