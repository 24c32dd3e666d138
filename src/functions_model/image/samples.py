"""Looks at parts of large files, where reading them whole would cost too much."""

from __future__ import annotations

import os
from heapq import nlargest
from typing import TYPE_CHECKING

from functions_model.image.files import Link, TreeFile, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from functions_model.image.files import FileTree


def largest(tree: FileTree, count: int) -> list[TreeFile]:
    """The largest files of a tree, the largest first; links are none."""
    files = [(file.size, file) for file in tree.files if not isinstance(file.content, Link)]
    least = min(nlargest(count, (size for size, _ in files)), default=0)
    enough = (pair for pair in files if pair[0] >= least)
    return [file for _, file in sorted(enough, key=lambda pair: (-pair[0], pair[1].path))[:count]]


def read_at(file: TreeFile, starts: Iterable[int], length: int) -> bytes:
    """Pieces of a file's content, one after the other; shorter ones at its end.

    Raises:
        BundleFailed: The file is gone, or may not be read.
    """
    content = file.content
    if isinstance(content, bytes):
        return b"".join(content[start : start + length] for start in starts)
    if isinstance(content, Link):
        return b""
    return _read_from_disk(content, starts, length)


def _read_from_disk(path: Path, starts: Iterable[int], length: int) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return b"".join(os.pread(handle, length, start) for start in starts)
        finally:
            os.close(handle)
    except OSError as error:
        raise unreadable(path, error) from error
