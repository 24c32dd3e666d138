"""What lies in a folder: its files, the repository around it, and what git says of both."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from functions_model.image.opened import TextRefused, read_text

_LEFT_OUT = frozenset({"node_modules", "__pycache__", "site-packages", "build", "dist"})
_DEEPEST = 6
"""Folders below each other: MLflow's own store has its models that deep."""
_MOST = 20_000
"""Files that are looked at."""
_VENV = "pyvenv.cfg"
_GIT = ".git"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is to be deployed.

    Attributes:
        path: Absolute.
        files: Relative to it, the nearest first. Hidden folders, virtual environments and names that are no text are
            left out.
        repository: The folder around it that git keeps; itself without git.
    """

    path: Path
    files: tuple[PurePosixPath, ...]
    repository: Path

    @property
    def within(self) -> str:
        """Where it lies in its repository, POSIX; empty at the top."""
        within = self.path.relative_to(self.repository).as_posix()
        return "" if within == "." else within

    def named(self, *patterns: str) -> tuple[PurePosixPath, ...]:
        """The files whose names fit one of the patterns, those of the first pattern first."""
        found = (file for pattern in patterns for file in self.files if PurePosixPath(file.name).match(pattern))
        return tuple(dict.fromkeys(found))

    def text(self, file: str | PurePosixPath) -> str:
        """A file's text; empty where it has none that can be read."""
        return text_of(self.path / file)


def text_of(file: Path) -> str:
    """A file's text; empty where it has none that can be read."""
    try:
        return read_text(file)
    except TextRefused:
        return ""


def look_at(path: Path) -> Folder:
    """Read the names of a folder's files.

    Args:
        path: It exists.
    """
    path = path.resolve()
    found: list[PurePosixPath] = []
    for folder, folders, files in os.walk(path):
        here = Path(folder).relative_to(path)
        folders[:] = sorted(name for name in folders if _is_of_the_project(Path(folder), name))
        if len(here.parts) >= _DEEPEST:
            folders.clear()
        found += [PurePosixPath(here.as_posix(), name) for name in files if name[0] != "." and name.isprintable()]
        if len(found) > _MOST:
            break
    nearest = sorted(found, key=lambda file: (len(file.parts), str(file)))
    return Folder(path, tuple(nearest), _repository(path))


def _is_of_the_project(folder: Path, name: str) -> bool:
    return name[0] != "." and name.isprintable() and name not in _LEFT_OUT and not (folder / name / _VENV).exists()


def _repository(path: Path) -> Path:
    return next((one for one in (path, *path.parents) if (one / _GIT).exists()), path)


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a repository is kept.

    Attributes:
        host: `github.com`.
        path: `contoso/iris`.
    """

    host: str
    path: str

    @property
    def is_of_azure_devops(self) -> bool:
        """Whether Azure Repos keeps it."""
        return self.host.endswith(("dev.azure.com", ".visualstudio.com"))


_SHORT = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/]+):(?P<path>[^/].*)")
"""`git@github.com:contoso/iris.git`."""
_URL = re.compile(r"^\s*url\s*=\s*(?P<url>\S+)\s*$", re.MULTILINE)
_SECTION = re.compile(r'^\s*\[remote "(?P<name>[^"]+)"\]\s*$(?P<body>(?:\n(?!\s*\[).*)*)', re.MULTILINE)


def remote_of(repository: Path) -> Remote | None:
    """The remote `origin`, or the first one, by git's own file; None without one.

    Args:
        repository: The folder that git keeps.
    """
    sections = {found["name"]: found["body"] for found in _SECTION.finditer(_git_text(repository, "config"))}
    body = sections.get("origin") or next(iter(sections.values()), "")
    found = _URL.search(body)
    return read_remote(found["url"]) if found else None


def read_remote(address: str) -> Remote | None:
    """What a remote's address says, without user and ending; None where it is no address of a host."""
    parts = urlsplit(address) if "://" in address else None
    short = None if parts else _SHORT.fullmatch(address)
    host = (parts.hostname or "") if parts else (short["host"] if short else "")
    path = parts.path if parts else (short["path"] if short else "")
    path = path.strip("/").removesuffix(".git")
    return Remote(host.lower(), path) if host and path else None


def branch_of(repository: Path) -> str:
    """The branch that the remote begins with, else the one that is checked out, else `main`."""
    for file in ("refs/remotes/origin/HEAD", "HEAD"):
        said = _git_text(repository, file).strip()
        for start in ("ref: refs/remotes/origin/", "ref: refs/heads/"):
            if said.startswith(start):
                return said.removeprefix(start)
    return "main"


def _git_text(repository: Path, file: str) -> str:
    """One of git's own files; empty where it is not there. A work tree elsewhere says where they are."""
    place = repository / _GIT
    try:
        if place.is_file():
            place = repository / read_text(place).strip().removeprefix("gitdir: ")
        common = place / "commondir"
        if file == "config" and common.is_file():
            place /= read_text(common).strip()
        return read_text(place / file)
    except TextRefused:
        return ""
