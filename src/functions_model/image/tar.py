"""Writes a tree as a tar whose bytes depend on the tree alone.

The standard library's `tarfile` copies every block several times (1.1 s per GiB) and decides on formats per run; a
layer needs neither. Entries are sorted, folders are explicit and come before what they hold, times are fixed, the owner
is root, and modes are 0755 or 0644. The format is POSIX ustar, with a PAX header only where ustar cannot say it.

https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13
"""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING

from functions_model.core.failures import BundleFailed, Problem
from functions_model.image.files import FileTree, Link, TreeFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 1 << 20
"""Bytes read at once: large enough that the loop costs nothing, small enough to stay in the processor's cache."""

_UNIT = 512
_NAME, _PREFIX, _LINK = 100, 155, 100
_LARGEST = 8**11
"""Sizes from 8 GiB on do not fit the eleven octal digits of a ustar header."""
_FILE, _SYMLINK, _FOLDER, _PAX = b"0", b"2", b"5", b"x"


def write_tar(tree: FileTree, *, epoch: int = 0) -> Iterator[bytes]:
    """The tar of a tree, piece by piece. No more than `BLOCK` bytes are held at a time.

    Args:
        tree: What goes in.
        epoch: The time of every entry, in seconds since 1970.

    Raises:
        BundleFailed: A file's length changed, or it vanished, while it was read.
    """
    folders = ((path, None) for path in tree.folders())
    files = ((file.path, file) for file in tree.files)
    for path, file in merge(folders, files, key=lambda entry: entry[0]):
        if file is None:
            yield entry_header(f"{path}/", _FOLDER, 0, mode=0o755, epoch=epoch)
        else:
            yield from _file(file, epoch)
    yield bytes(2 * _UNIT)


def entry_header(path: str, kind: bytes, size: int, *, mode: int, epoch: int = 0, link: str = "") -> bytes:
    """The header of one entry, with a PAX header before it where one is needed: a multiple of 512 bytes.

    Args:
        path: With a slash at its end for a folder.
        kind: The type flag: `0` file, `2` link, `5` folder.
        size: Bytes of content that follow.
        mode: Permission bits.
        epoch: Seconds since 1970.
        link: The target of a link.
    """
    extra: dict[str, str] = {}
    place = _split(path)
    if place is None:
        extra["path"] = path
    if len(link) > _LINK or not link.isascii():
        extra["linkpath"] = link
    if size >= _LARGEST:
        extra["size"] = str(size)
    prefix, name = place or ("", _stand_in(path))
    plain = _ustar(
        name, kind, 0 if "size" in extra else size, mode=mode, epoch=epoch, link=_stand_in(link), prefix=prefix
    )
    return _pax(extra, name, epoch) + plain


def _file(file: TreeFile, epoch: int) -> Iterator[bytes]:
    content = file.content
    if isinstance(content, Link):
        yield entry_header(file.path, _SYMLINK, 0, mode=0o777, epoch=epoch, link=content.target)
        return
    mode = 0o755 if file.executable else 0o644
    size = file.size
    yield entry_header(file.path, _FILE, size, mode=mode, epoch=epoch)
    if isinstance(content, bytes):
        yield content
    else:
        yield from _exactly(content, size)
    yield bytes(-size % _UNIT)


def _exactly(path: Path, size: int) -> Iterator[bytes]:
    """A file's content, which must be as long as its header said."""
    left = size
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(BLOCK):
            left -= len(block)
            if left < 0:
                break
            yield block
    if left:
        problem = Problem("its length changed while it was read", "Run again when nothing writes to it.", f"`{path}`")
        action = "put the files of the image together"
        raise BundleFailed(action, [problem])


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


def _ustar(name: str, kind: bytes, size: int, *, mode: int, epoch: int, link: str = "", prefix: str = "") -> bytes:
    head = b"".join(
        (
            name.encode().ljust(_NAME, b"\0"),
            b"%07o\0" % mode,
            b"%07o\0" % 0,  # owner
            b"%07o\0" % 0,  # group
            b"%011o\0" % size,
            b"%011o\0" % epoch,
            b" " * 8,  # the checksum counts itself as spaces
            kind,
            link.encode().ljust(_LINK, b"\0"),
            b"ustar\x0000",
            bytes(64),  # owner's and group's names
            bytes(16),  # device numbers
            prefix.encode().ljust(_PREFIX, b"\0"),
            bytes(12),
        )
    )
    return head[:148] + b"%06o\0 " % sum(head) + head[156:]


def _pax(extra: dict[str, str], name: str, epoch: int) -> bytes:
    if not extra:
        return b""
    body = b"".join(_record(key, value) for key, value in sorted(extra.items()))
    label = f"PaxHeaders/{name.rstrip('/').rpartition('/')[2]}"[:_NAME]
    return _ustar(label, _PAX, len(body), mode=0o644, epoch=epoch) + body + bytes(-len(body) % _UNIT)


def _record(key: str, value: str) -> bytes:
    """`length key=value`, where the length counts its own digits."""
    rest = b" " + key.encode() + b"=" + value.encode() + b"\n"
    length = len(rest)
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return str(length).encode() + rest
