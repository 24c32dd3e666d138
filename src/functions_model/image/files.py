"""What lies where in an image: a sorted, duplicate-free list of files. Their content is not read here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from functions_model.core.failures import BundleFailed, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


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

    Raises:
        ValueError: The path is empty, absolute, or not in its shortest form.
    """

    path: str
    content: Content
    executable: bool = False

    def __post_init__(self) -> None:
        if not self.path or self.path != str(PurePosixPath(self.path)) or {"/", "..", "."} & set(parts(self.path)):
            message = f"`{self.path}` is not a plain relative path"
            raise ValueError(message)

    @property
    def size(self) -> int:
        """Bytes of content as they are now; 0 for a link."""
        if isinstance(self.content, bytes):
            return len(self.content)
        return 0 if isinstance(self.content, Link) else self.content.stat().st_size


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
        ordered = tuple(sorted(files, key=lambda file: file.path))
        if problems := tuple(_clashes(ordered)):
            action = "put the files of the image together"
            raise BundleFailed(action, problems)
        return cls(ordered)

    def __add__(self, other: FileTree) -> FileTree:
        """Both trees in one; BundleFailed when they clash."""
        return FileTree.of(self.files + other.files)

    def __len__(self) -> int:
        """How many files there are."""
        return len(self.files)

    def folders(self) -> tuple[str, ...]:
        """Every folder that a file lies in, sorted."""
        found: set[str] = set()
        for file in self.files:
            folder = file.path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return tuple(sorted(found))


def parts(path: str) -> tuple[str, ...]:
    """The names that a path is made of."""
    return PurePosixPath(path).parts


def _clashes(ordered: tuple[TreeFile, ...]) -> Iterator[Problem]:
    folders = set(FileTree(ordered).folders())
    previous = ""
    for file in ordered:
        if file.path == previous:
            yield Problem(
                f"two files want to be `/{file.path}` in the image", "Rename or leave out one of them.", file.path
            )
        elif file.path in folders:
            yield Problem(
                f"`/{file.path}` in the image is both a file and a folder",
                "Rename or leave out one of them.",
                file.path,
            )
        previous = file.path
