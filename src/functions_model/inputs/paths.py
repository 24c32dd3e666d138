"""Paths among the inputs: made absolute, kept inside the workspace, and looked at."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from functions_model.core.failures import RuleBroken
from functions_model.image.opened import in_print, remedy_for
from functions_model.image.pointers import Pointer, kept_by_dvc, may_point, pointers_of


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder that inputs are relative to and that nothing leaves.

    Attributes:
        folder: Absolute.
        host_folders: The same folder as steps outside of our container name it.
    """

    folder: Path
    host_folders: tuple[str, ...] = ()

    def absolute(self, text: str) -> Path:
        """The path as an absolute one below `folder`, with `..` taken out. It need not exist.

        Raises:
            RuleBroken: It leaves the workspace by its own text, or is no path on Linux.
        """
        if "\0" in text or PureWindowsPath(text).drive:
            raise RuleBroken(
                f"`{text!r}` is not a path", "Give it relative to the workspace, with `/` between folders."
            )
        path = Path(os.path.normpath(self.folder / self._from_host(text)))
        if path.is_relative_to(self.folder):
            return path
        try:
            real, root = path.resolve(), self.folder.resolve()
        except (OSError, RuntimeError) as error:
            raise _unfollowed(text, error) from error
        if real.is_relative_to(root):
            return self.folder / real.relative_to(root)
        raise RuleBroken(
            f"`{text}` lies outside the workspace `{self.folder}`", "Give a path below the workspace, relative to it."
        )

    def to_write(self, text: str) -> Path:
        """A folder of its own that may be made, or written into, and, after all links, still lies inside.

        Raises:
            RuleBroken: As `absolute`; a link on the way leaves the workspace; it is a file, or the workspace itself.
        """
        path = self.absolute(text)
        if path == self.folder:
            raise RuleBroken("it is the whole workspace", "Use a separate folder.")
        try:
            real = path.resolve()
            taken = next((one for one in (path, *path.parents) if one.exists() and not one.is_dir()), None)
        except (OSError, RuntimeError) as error:
            raise _unfollowed(text, error) from error
        if not real.is_relative_to(self.folder.resolve()):
            what = f"`{text}` leads by a link to `{real}`, which lies outside the workspace `{self.folder}`"
            raise RuleBroken(what, "Name a folder of the workspace itself.")
        if taken:
            raise RuleBroken(f"`{taken.relative_to(self.folder)}` is a file", "Name a folder.")
        return path

    def within(self, folder: Path) -> Workspace:
        """A folder of it, as the workspace of its own: one model of several in a repository."""
        path = folder.relative_to(self.folder)
        return Workspace(folder, tuple(str(PurePosixPath(place) / path) for place in self.host_folders))

    def holds(self, text: str) -> bool:
        """Whether something below `folder` has this path, be it a broken link."""
        try:
            return os.path.lexists(self.absolute(text))
        except RuleBroken:
            return False

    def existing(self, text: str) -> Path:
        """The path of something that exists and, after all links, still lies inside.

        Raises:
            RuleBroken: As `absolute`; it does not exist; or a link on the way leaves the workspace.
        """
        path = self.absolute(text)
        try:
            real = path.resolve(strict=True)
        except FileNotFoundError as error:
            raise self._missing(text, path) from error
        except (OSError, RuntimeError) as error:
            raise _unfollowed(text, error) from error
        if not real.is_relative_to(self.folder.resolve()):
            what = f"`{text}` is a link to `{real}`, which lies outside the workspace `{self.folder}`"
            raise RuleBroken(what, "Copy what it points to into the workspace.")
        return path

    def file(self, text: str) -> Path:
        """An existing file.

        Raises:
            RuleBroken: As `existing`; or it is something else.
        """
        path = self.existing(text)
        if not path.is_file():
            raise RuleBroken(f"`{text}` is not a file", "Name the file itself.")
        return path

    def folder_in(self, text: str) -> Path:
        """An existing folder.

        Raises:
            RuleBroken: As `existing`; or it is something else.
        """
        path = self.existing(text)
        if not path.is_dir():
            raise RuleBroken(f"`{text}` is not a folder", "Name the folder, not a file in it.")
        return path

    def model(self, text: str) -> Path:
        """An existing model: a file with content, or a folder with at least one file, all of them fetched.

        Raises:
            RuleBroken: As `existing`; or it is empty, the workspace itself, or not fetched from Git LFS or DVC.
        """
        path = self.existing(text)
        if path == self.folder:
            raise RuleBroken("it is the whole workspace", "Put the model into its own file or folder.")
        if not (path.is_file() or path.is_dir()):
            raise RuleBroken(f"`{text}` is neither a file nor a folder", "Name the model's file or folder.")
        if path.is_file() and path.stat().st_size == 0:
            raise RuleBroken(f"the file `{text}` is empty", "Check the step that writes the model.")
        if not check_fetched(path):
            raise RuleBroken(f"the folder `{text}` has no files", "Check the step that writes or downloads the model.")
        return path

    def _from_host(self, text: str) -> str:
        """A path below the host's workspace, as one below ours. GitHub translates only values that are a path alone."""
        path = PurePosixPath(text)
        place = next((place for place in self.host_folders if path.is_relative_to(place)), None)
        return text if place is None else str(path.relative_to(place))

    def _missing(self, text: str, path: Path) -> RuleBroken:
        """What is wrong with a path where nothing is: DVC keeps it, or the text is mistaken."""
        kept = kept_by_dvc(path, self.folder)
        if kept:
            file = kept.file.relative_to(self.folder).as_posix()
            return RuleBroken(f"`{text}` is kept by DVC (`{file}`) and was not fetched", kept.remedy)
        return RuleBroken(f"`{text}` does not exist in `{self.folder}`", self._nearby(path))

    def _nearby(self, path: Path) -> str:
        """What there is instead: the first folder on the way that lacks its next part, and what it holds."""
        parent = next((folder for folder in path.parents if folder.is_dir()), self.folder)
        if not parent.is_relative_to(self.folder):
            return "Check the path, and that the repository is checked out."
        names = sorted(f"`{entry.name}`" for entry in parent.iterdir() if not entry.name.startswith("."))
        place = parent.relative_to(self.folder).as_posix()
        where = "The workspace" if place == "." else f"`{place}`"
        if not names:
            return f"{where} is empty. Check that the repository is checked out."
        more = " and more" if len(names) > 8 else ""
        return f"{where} holds {', '.join(names[:8])}{more}. Check the path."


def _unfollowed(text: str, error: OSError | RuntimeError) -> RuleBroken:
    """What is wrong with a path that no file or folder can be found at, nor known to be missing."""
    if isinstance(error, RuntimeError) or error.errno == errno.ELOOP:  # RuntimeError: before Python 3.13
        return RuleBroken(f"`{text}` leads in a circle of links", "Remove the links.")
    return RuleBroken(f"`{text}` cannot be looked at: {error.strerror}", remedy_for(error))


def _files(folder: str, unread: list[OSError]) -> Iterator[os.DirEntry[str]]:
    """Every file below a folder. Folders that are links are not entered: a model may have 100,000 files."""
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as listing:
                for entry in listing:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        yield entry
        except OSError as error:
            unread.append(error)


def check_fetched(path: Path) -> bool:
    """Look at every file of a model; whether there is any.

    Raises:
        RuleBroken: Some were not fetched from Git LFS or DVC, or one cannot be read.
    """
    file, found = str(path), False
    pointers: list[Pointer] = []
    unread: list[OSError] = []
    try:
        if path.is_file():
            found, pointers = True, list(_unfetched(file, path.stat()))
        else:
            for entry in _files(file, unread):
                found, file = True, entry.path
                if entry.is_file():
                    pointers += _unfetched(file, entry.stat())
    except OSError as error:
        raise RuleBroken(f"`{in_print(file)}` cannot be read: {error.strerror}", remedy_for(error)) from error
    if unread and not found:  # else whoever packs the folder says what of it cannot be read
        first = unread[0]
        raise RuleBroken(f"`{in_print(first.filename)}` cannot be read: {first.strerror}", remedy_for(first))
    if pointers:
        raise _not_fetched(pointers)
    return found


def _unfetched(file: str, known: os.stat_result) -> tuple[Pointer, ...]:
    """What a checkout without `lfs: true` or `dvc pull` leaves in the place of each large file."""
    if not stat.S_ISREG(known.st_mode) or not may_point(file, known.st_size):
        return ()
    return pointers_of(Path(file), known.st_size)


def _not_fetched(pointers: list[Pointer]) -> RuleBroken:
    first, *others = sorted(pointers, key=lambda pointer: pointer.stands_for)
    count = len(others)
    more = f"; {count} more {'file is' if count == 1 else 'files are'} missing as well" if others else ""
    return RuleBroken(first.what + more, first.remedy)
