"""What lies where in an image: a sorted, duplicate-free list of files. Their content is not read whole here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import nlargest
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

from functions_model.core.disk import refused
from functions_model.core.failures import BundleFailed, Problem
from functions_model.image.opened import open_handle

_ACTION = "put the files of the image together"


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link.

    Attributes:
        target: Relative to the folder that the link lies in, POSIX.
    """

    target: str


Content: TypeAlias = Path | bytes | Link
"""A file on disk (read when it is needed), bytes at hand, or a link to another file of the same tree."""


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of an image.

    Attributes:
        path: Where it lies in the image, POSIX, without a leading slash.
        content: See `Content`.
        executable: Whether it may be run; says nothing for a link.
        length: Bytes of a file on disk when its folder was read, so that nobody needs to ask again. A file that is
            found to be longer or shorter when it is packed is refused.

    Raises:
        ValueError: The path is empty, absolute, or not in its shortest form.
    """

    path: str
    content: Content
    executable: bool = False
    length: int | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        bounded = f"/{self.path}/"  # plain searches are fast, and a model may have 100,000 files
        if "//" in bounded or "/./" in bounded or "/../" in bounded or "\0" in bounded:
            raise ValueError(f"`{self.path}` is not a plain relative path")

    @property
    def size(self) -> int:
        """Bytes of content; 0 for a link.

        Raises:
            BundleFailed: The file is gone, or may not be read.
        """
        if self.length is not None:
            return self.length
        if isinstance(self.content, bytes):
            return len(self.content)
        return 0 if isinstance(self.content, Link) else _length(self.content)


@dataclass(frozen=True, slots=True)
class FileTree:
    """Files sorted by path, each path once. Make one with `of`, which holds it to that.

    Folders follow from the files in them. A folder without any file is left out, as git leaves it out: so a
    checkout and the folder that it came from are the same tree.
    """

    files: tuple[TreeFile, ...] = ()

    @classmethod
    def of(cls, files: Iterable[TreeFile]) -> FileTree:
        """A tree of these files, in whichever order they come.

        Raises:
            BundleFailed: A path appears twice, or a file lies where another file needs a folder.
        """
        ordered = tuple(sorted(files, key=attrgetter("path")))
        if problems := tuple(_clashes(ordered)):
            raise BundleFailed(_ACTION, problems)
        return cls(ordered)

    def __add__(self, other: FileTree) -> FileTree:
        """Both trees in one; BundleFailed when they clash."""
        return FileTree.of(self.files + other.files)

    def __len__(self) -> int:
        """How many files there are."""
        return len(self.files)

    @property
    def size(self) -> int:
        """Bytes in all files."""
        return sum(file.size for file in self.files)

    def folders(self) -> tuple[str, ...]:
        """Every folder that a file lies in, sorted."""
        found = {file.path.rpartition("/")[0] for file in self.files}
        for folder in tuple(found):
            above = folder.rpartition("/")[0]
            while above not in found:
                found.add(above)
                above = above.rpartition("/")[0]
        return tuple(sorted(found - {""}))


def changed(path: Path, what: str) -> BundleFailed:
    """The failure of a file that is not what it was when its folder was read."""
    return BundleFailed(_ACTION, [Problem(what, "Run again when nothing writes to it.", f"`{path}`")])


def unreadable(path: Path, error: OSError) -> BundleFailed:
    """The failure of a file that could be read before and cannot be read now."""
    if told := refused(error, path):
        return BundleFailed(_ACTION, [Problem(told.what, told.remedy)])
    return changed(path, f"it cannot be read ({error.strerror})")


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error


def _clashes(ordered: tuple[TreeFile, ...]) -> Iterator[Problem]:
    folders = set(FileTree(ordered).folders())
    previous = ""
    for file in ordered:
        if file.path == previous:
            yield Problem(
                f"two files would be `/{file.path}` in the image", "Rename or leave out one of them.", file.path
            )
        elif file.path in folders:
            yield Problem(
                f"`/{file.path}` in the image is both a file and a folder",
                "Rename or leave out one of them.",
                file.path,
            )
        previous = file.path


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
        handle = open_handle(path, real=True)
        try:
            return b"".join(os.pread(handle, length, start) for start in starts)
        finally:
            os.close(handle)
    except OSError as error:
        raise unreadable(path, error) from error
