"""Writes a tree as a tar whose bytes depend on the tree alone.

The standard library's `tarfile` copies every block several times (1.1 s per GiB) and decides on formats per run; a
layer needs neither. Entries are sorted, folders are explicit and come before what they hold, times are fixed, the owner
is root, and modes are 0755 or 0644. The format is POSIX ustar, with a PAX header only where ustar cannot say it:
https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from struct import Struct

from functions_model.image.files import FileTree, Link, TreeFile, changed, unreadable
from functions_model.image.opened import open_handle

UNIT = 512
"""Everything in a tar takes a multiple of this many bytes."""
FILE, SYMLINK, FOLDER = b"0", b"2", b"5"
"""Type flags."""

_PAX = b"x"
_NAME, _PREFIX, _LINK = 100, 155, 100
_LARGEST = 8**11
"""Sizes from 8 GiB on do not fit the eleven octal digits of a ustar header."""
_FIELDS = Struct(f"{_NAME}s 24s 12s 12s 8s c {_LINK}s 8s 64x 16x {_PREFIX}s 12x")
"""Name; mode, owner, group; size; time; checksum; type; link; magic; owner's and group's names and device numbers, all
empty; prefix."""
_MAGIC = b"ustar\x0000"


def entry_header(path: str, kind: bytes, size: int, *, mode: int, epoch: int = 0, link: str = "") -> bytes:
    """The header of one entry, with a PAX header before it where one is needed: a multiple of 512 bytes.

    Args:
        path: With a slash at its end for a folder.
        kind: The type flag.
        size: Bytes of content that follow.
        mode: Permission bits.
        epoch: Seconds since 1970.
        link: The target of a link.
    """
    if len(path) <= _NAME and size < _LARGEST and not link and path.isascii():
        return _ustar(path.encode(), kind, size, mode=mode, epoch=epoch)
    extra = _extensions(path, size, link)
    prefix, name = _split(path) or ("", _stand_in(path))
    told = 0 if "size" in extra else size
    fields = {"link": _stand_in(link).encode(), "prefix": prefix.encode()}
    plain = _ustar(name.encode(), kind, told, mode=mode, epoch=epoch, **fields)
    return _pax(extra, name, epoch) + plain


def header_size(path: str, size: int, link: str = "") -> int:
    """How many bytes `entry_header` makes of these."""
    if len(path) <= _NAME and size < _LARGEST and not link and path.isascii():
        return UNIT
    extra = _extensions(path, size, link)
    return UNIT + (UNIT + padded(len(_records(extra))) if extra else 0)


def padded(size: int) -> int:
    """Bytes that some content takes in a tar."""
    return size + -size % UNIT


def _extensions(path: str, size: int, link: str) -> dict[str, str]:
    """What ustar cannot say."""
    extra: dict[str, str] = {}
    if _split(path) is None:
        extra["path"] = path
    if len(link) > _LINK or not link.isascii():
        extra["linkpath"] = link
    if size >= _LARGEST:
        extra["size"] = str(size)
    return extra


def _split(path: str) -> tuple[str, str] | None:
    """A path as ustar's prefix and name; None when they cannot hold it."""
    if not path.isascii():
        return None
    if len(path) <= _NAME:
        return "", path
    cut = path.find("/", len(path) - _NAME - 1, -1)
    return (path[:cut], path[cut + 1 :]) if 0 < cut <= _PREFIX else None


def _stand_in(path: str) -> str:
    """What a reader without PAX would see."""
    return path.encode("ascii", "replace").decode()[:_NAME]


def _ustar(
    name: bytes, kind: bytes, size: int, *, mode: int, epoch: int, link: bytes = b"", prefix: bytes = b""
) -> bytes:
    rights, time, known = _same_for_all(kind, mode, epoch)
    length = b"%011o\0" % size
    check = known + sum(name) + sum(length) + sum(link) + sum(prefix)
    return _FIELDS.pack(name, rights, length, time, b"%06o\0 " % check, kind, link, _MAGIC, prefix)


@lru_cache(maxsize=16)
def _same_for_all(kind: bytes, mode: int, epoch: int) -> tuple[bytes, bytes, int]:
    """What entries of a kind have in common: mode, owner and group; the time; and what these add to the checksum."""
    rights = b"%07o\0%07o\0%07o\0" % (mode, 0, 0)
    time = b"%011o\0" % epoch
    spaces = 8 * ord(" ")  # the checksum counts itself as spaces
    return rights, time, sum(rights) + sum(time) + sum(kind) + sum(_MAGIC) + spaces


def _pax(extra: dict[str, str], name: str, epoch: int) -> bytes:
    if not extra:
        return b""
    body = _records(extra)
    label = f"PaxHeaders/{name.rstrip('/').rpartition('/')[2]}"[:_NAME]
    return _ustar(label.encode(), _PAX, len(body), mode=0o644, epoch=epoch) + body + bytes(-len(body) % UNIT)


def _records(extra: dict[str, str]) -> bytes:
    return b"".join(_record(key, value) for key, value in sorted(extra.items()))


def _record(key: str, value: str) -> bytes:
    """`length key=value`, where the length counts its own digits."""
    rest = b" " + key.encode() + b"=" + value.encode() + b"\n"
    length = len(rest)
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return str(length).encode() + rest


BLOCK = 1 << 20
"""Bytes read at once: large enough that the loop costs nothing, small enough to stay in the processor's cache."""
_SMALL = 1 << 17
"""Bytes. A file up to this size is read whole and goes out with its neighbours, a larger one in blocks of its own."""
_ENOUGH = 1 << 19
"""Bytes of small files that are handed over together."""
_END = bytes(2 * UNIT)


def write_tar(tree: FileTree, *, epoch: int = 0) -> Iterator[bytes]:
    """The tar of a tree, in pieces of up to about `BLOCK` bytes, of which one or two are held at a time.

    Args:
        tree: What goes in.
        epoch: The time of every entry, in seconds since 1970.

    Raises:
        BundleFailed: A file's length changed, or it vanished, since its folder was read.
    """
    return _gathered(_pieces(tree, epoch))


def tar_size(tree: FileTree) -> int:
    """How many bytes `write_tar` makes of a tree. No content is read."""
    size = len(_END) + sum(header_size(f"{path}/", 0) for path in tree.folders())
    for file in tree.files:
        link = file.content.target if isinstance(file.content, Link) else ""
        size += header_size(file.path, file.size, link) + padded(file.size)
    return size


def _pieces(tree: FileTree, epoch: int) -> Iterator[bytes]:
    for path, file in _entries(tree):
        if file is None:
            yield entry_header(f"{path}/", FOLDER, 0, mode=0o755, epoch=epoch)
        elif isinstance(file.content, Link):
            yield entry_header(file.path, SYMLINK, 0, mode=0o777, epoch=epoch, link=file.content.target)
        elif (size := file.size) <= _SMALL:
            yield _small_file(file, file.content, size, epoch)
        else:
            yield _file_header(file, size, epoch)
            yield from (file.content,) if isinstance(file.content, bytes) else _blocks(file.content, size)
            yield bytes(-size % UNIT)
    yield _END


def _entries(tree: FileTree) -> list[tuple[str, TreeFile | None]]:
    """Folders (without a file) and files by path: two sorted runs, which sorting only merges."""
    entries: list[tuple[str, TreeFile | None]] = [(path, None) for path in tree.folders()]
    entries += [(file.path, file) for file in tree.files]
    entries.sort(key=itemgetter(0))
    return entries


def _small_file(file: TreeFile, content: Path | bytes, size: int, epoch: int) -> bytes:
    """All that the tar holds of a file."""
    whole = content if isinstance(content, bytes) else _read(content, size)
    return b"%b%b%b" % (_file_header(file, size, epoch), whole, bytes(-size % UNIT))


def _file_header(file: TreeFile, size: int, epoch: int) -> bytes:
    return entry_header(file.path, FILE, size, mode=0o755 if file.executable else 0o644, epoch=epoch)


def _read(path: Path, size: int) -> bytes:
    """A small file's content. One byte more than expected is asked for: so three calls of the system do."""
    try:
        handle = open_handle(path, real=True)
        try:
            content = os.read(handle, size + 1)
        finally:
            os.close(handle)
    except OSError as error:
        raise unreadable(path, error) from error
    return content if len(content) == size else b"".join(_blocks(path, size))


def _blocks(path: Path, size: int) -> Iterator[bytes]:
    """A file's content, which must be as long as its header said."""
    left = size
    try:
        with os.fdopen(open_handle(path, real=True), "rb", buffering=0) as stream:
            while left >= 0 and (block := stream.read(BLOCK)):
                left -= len(block)
                if left >= 0:
                    yield block
    except OSError as error:
        raise unreadable(path, error) from error
    if left:
        raise changed(path, "its length changed while it was read")


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Small pieces joined, so that a hundred thousand small files do not mean as many hand-overs."""
    waiting: list[bytes] = []
    length = 0
    for piece in pieces:
        if len(piece) > _SMALL and waiting:  # joining would copy it
            yield b"".join(waiting)
            waiting, length = [], 0
        waiting.append(piece)
        length += len(piece)
        if length >= _ENOUGH:
            yield b"".join(waiting)
            waiting, length = [], 0
    if length:
        yield b"".join(waiting)
