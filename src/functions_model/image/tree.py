"""Reads a folder of the user into a tree, and refuses what an image cannot hold or must not show."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from functions_model.core.failures import BundleFailed, Problem
from functions_model.image.files import FileTree, Link, TreeFile
from functions_model.image.opened import in_print, kind, remedy_for
from functions_model.image.patterns import Excludes

_WHITEOUT = ".wh."
"""A name with this prefix in a layer deletes a file of the layers below.

https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
"""
_ALL_READ = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH


def read_tree(folder: Path, under: str, *, root: Path, exclude: Iterable[str] = ()) -> FileTree:
    """The files of a folder (or one file) as they will lie below `under` in the image.

    A link whose target lies in the same folder stays a link, made relative. A link to elsewhere below `root` becomes a
    copy of what it points to. Hard links become files of their own. Empty folders are left out.

    Args:
        folder: A folder, or a single file, which then lies at `under/<its name>`.
        under: POSIX, without a leading slash; empty means the image's top.
        root: Nothing outside this folder is read.
        exclude: `.gitignore` patterns, relative to `folder`.

    Raises:
        BundleFailed: With every problem found: links that leave `root` or lead nowhere, sockets, devices, pipes, names
            that are not UTF-8 or that mean a deletion in a layer, files that cannot be read.
    """
    reader = _Reader(root.resolve(), Excludes(exclude))
    reader.read(folder, under)
    if reader.problems:
        raise BundleFailed(f"read `{folder}`", reader.problems)
    return FileTree.of(reader.found)


_MOST = 1_000_000
"""Files and folders of one tree."""
_MOST_LINKS = 8
"""From folder to folder. Two links in each of forty folders stand for more files than any disk has."""
_LONGEST = 4095
"""Bytes of a path on Linux, `PATH_MAX` without its end: https://man7.org/linux/man-pages/man7/path_resolution.7.html."""


class _Folder(NamedTuple):
    """A folder that is to be read.

    Attributes:
        top: What links in it may stay in.
        folder: Where it lies, without links.
        under: Where it will lie in the image.
        inside: Its path from where the walk began.
        above: The folders in which the walk, and each link on the way, began.
    """

    top: Path
    folder: Path
    under: str
    inside: str
    above: tuple[Path, ...]


class _Reader:
    """One walk: collects problems instead of stopping at the first.

    Attributes:
        found: The files, as they were met.
        problems: What cannot go into an image.

    Args:
        root: Resolved; what lies outside is refused.
        excludes: Asked with paths relative to the folder that the walk began in.
    """

    def __init__(self, root: Path, excludes: Excludes) -> None:
        self._root = root
        self._excludes = excludes
        self.found: list[TreeFile] = []
        self.problems: list[Problem] = []
        self._waiting: list[_Folder] = []

    def read(self, folder: Path, under: str) -> None:
        try:
            real = folder.resolve()
        except (OSError, RuntimeError):  # RuntimeError: a circle of links, before Python 3.13
            self._report(folder, "it leads in a circle of links", "Remove the links.")
            return
        if not self._admits(folder, real):
            return
        if real.is_dir():
            self._waiting.append(_Folder(real, real, under, "", (real,)))
        else:
            self._file(real, _ending(under) + folder.name, real.stat)
        read = 0
        while self._waiting:  # a folder may be a thousand deep: no function calls itself here
            self._folder(*self._waiting.pop())
            read += 1
            if read + len(self.found) > _MOST:
                what = f"it has more than {_MOST:,} files and folders, those that links lead to counted each time"
                self._report(folder, what, "Name a smaller folder, or remove links.")
                return

    def _folder(self, top: Path, folder: Path, under: str, inside: str, above: tuple[Path, ...]) -> None:
        """What lies in `folder`; see `_Folder`."""
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=attrgetter("name"))
        except OSError as error:
            self._report(folder, f"it cannot be read ({error.strerror})", remedy_for(error))
            return
        within, before = _ending(inside), _ending(under)
        for entry in entries:
            name = entry.name
            wanted, link = within + name, entry.is_symlink()
            leads_on = _leads_to_folder(entry) if link else entry.is_dir()
            if self._excludes.prunes(wanted) if leads_on else self._excludes.leaves_out(wanted):
                continue
            path, target = folder / name, before + name
            if (not name.isascii() or name.startswith(_WHITEOUT)) and not self._named_well(path, name):
                continue
            if link:
                self._link(top, path, target, wanted, above)
            elif leads_on:
                self._waiting.append(_Folder(top, path, target, wanted, above))
            else:
                self._file(path, target, entry.stat)

    def _link(self, top: Path, link: Path, target: str, inside: str, above: tuple[Path, ...]) -> None:
        try:
            real = link.resolve(strict=True)
        except (OSError, RuntimeError) as error:  # RuntimeError: a circle of links, before Python 3.13
            self._report(link, *_nowhere(link, error))
            return
        if not self._admits(link, real):
            return
        if real.is_relative_to(top) and self._is_read(top, real, link, inside):
            self.found.append(TreeFile(target, Link(Path(os.path.relpath(real, link.parent)).as_posix())))
        elif any(folder.is_relative_to(real) for folder in (*above, link.parent)):
            self._report(link, f"it is a link to `{real}`, which holds the link itself", "Remove the link.")
        elif len(above) > _MOST_LINKS:
            what = f"more than {_MOST_LINKS} links lead here, each from a folder that one before it leads to"
            self._report(link, what, "Put the folder itself where it is needed.")
            self._waiting.clear()  # there may be a million more of them
        elif real.is_dir():
            self._waiting.append(_Folder(real, real, target, inside, (*above, real)))
        else:
            self._file(real, target, real.stat)

    def _is_read(self, top: Path, real: Path, link: Path, inside: str) -> bool:
        """Whether what a link points to will be in the tree: no pattern leaves it or a folder above it out."""
        start = Path(os.path.normpath(Path(inside).parent / os.path.relpath(real, link.parent)))
        if real == top or start.parts[:1] == ("..",):
            return False
        path = start.as_posix()
        if real.is_dir():
            return any(real.rglob("*")) and not self._excludes.prunes(path)
        folders = (parent.as_posix() for parent in start.parents if parent != Path())
        return not self._excludes.leaves_out(path) and not any(map(self._excludes.prunes, folders))

    def _file(self, path: Path, target: str, look: Callable[[], os.stat_result]) -> None:
        try:
            known = look()
        except OSError as error:
            self._report(path, f"it cannot be read ({error.strerror})", "Run again when nothing changes the folder.")
            return
        mode = known.st_mode
        if not stat.S_ISREG(mode):
            self._report(path, f"it is a {kind(mode)}, not a file", "Remove it, or exclude it.")
        elif len(target) > _LONGEST // 4 and len(os.fsencode(target)) > _LONGEST:
            what = f"its path in the image has more than {_LONGEST:,} bytes, which no Linux opens"
            self._report(path, what, "Rename folders, or put it higher up.")
        elif mode & _ALL_READ != _ALL_READ and not os.access(path, os.R_OK):
            self._report(path, "it cannot be read", "Check its permissions.")
        else:
            self.found.append(TreeFile(target, path, executable=bool(mode & stat.S_IXUSR), length=known.st_size))

    def _admits(self, named: Path, real: Path) -> bool:
        if not real.exists():
            self._report(named, "it does not exist", "Check the path.")
            return False
        if not real.is_relative_to(self._root):
            what = f"it leads to `{real}`, outside of `{self._root}`"
            self._report(named, what, "Copy what it points to into the workspace.")
            return False
        return True

    def _named_well(self, path: Path, name: str) -> bool:
        try:
            name.encode()
        except UnicodeEncodeError:
            self._report(path, "its name is not UTF-8", "Rename it.")
            return False
        if name.startswith(_WHITEOUT):
            self._report(path, f"a name with `{_WHITEOUT}` in front deletes a file of the base image", "Rename it.")
            return False
        return True

    def _report(self, path: Path, what: str, remedy: str) -> None:
        self.problems.append(Problem(what, remedy, f"`{in_print(path)}`"))


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a circle of links leads nowhere, and is told as such later
        return False


def _ending(folder: str) -> str:
    """A folder's path, ready for a name to be added."""
    return f"{folder}/" if folder else ""


def _nowhere(link: Path, error: OSError | RuntimeError) -> tuple[str, str]:
    """What is wrong with a link that leads to no file, and what to do."""
    if isinstance(error, RuntimeError) or error.errno == errno.ELOOP:
        return "it is a link that leads in a circle", "Remove the link."
    if error.errno != errno.ENOENT:
        return f"it is a link that cannot be followed ({error.strerror})", remedy_for(error)
    try:
        where = f"it is a link to `{in_print(link.readlink())}`, which does not exist"
    except OSError:  # it has gone meanwhile
        where = "it is a link to something that does not exist"
    return where, "Fix or remove the link."
