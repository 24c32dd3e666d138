"""Writes a tree as a tar whose bytes depend on the tree alone.

The standard library's `tarfile` copies every block several times (1.1 s per GiB) and decides on formats per run; a
layer needs neither. Entries are sorted, folders are explicit and come before what they hold, times are fixed, the owner
is root, and modes are 0755 or 0644. `image.headers` has the format.
"""

from __future__ import annotations

import os
from operator import itemgetter
from typing import TYPE_CHECKING

from functions_model.image.files import FileTree, Link, TreeFile, changed, unreadable
from functions_model.image.headers import FILE, FOLDER, SYMLINK, UNIT, entry_header, header_size, padded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["BLOCK", "entry_header", "tar_size", "write_tar"]

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
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
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
        with path.open("rb", buffering=0) as stream:
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
