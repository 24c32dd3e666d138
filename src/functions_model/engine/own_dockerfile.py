"""A Dockerfile of the user's own, with its folder as its context."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.core.failures import InputsInvalid, Location, Problem
from functions_model.engine.instructions import ParsedDockerfile, parse_dockerfile
from functions_model.image.credentials import credentials_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions_model.image.credentials import LeftOut

_IGNORE_FILE = ".dockerignore"


@dataclass(frozen=True, slots=True)
class OwnDockerfile:
    """What a user's Dockerfile is, and what it may copy.

    Attributes:
        path: The file, absolute.
        parsed: Its stages.
        files: What its `.dockerignore` leaves of its folder: paths relative to the folder, sorted; folders and links
            among them.
        left_out: Files of credentials that are no part of the context, relative to the folder.
    """

    path: Path
    parsed: ParsedDockerfile
    files: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def folder(self) -> Path:
        """Its context."""
        return self.path.parent


def read_own_dockerfile(path: Path, *, leave_out: Path | None = None, keep_credentials: bool = False) -> OwnDockerfile:
    """A user's Dockerfile, read.

    Args:
        path: The file.
        leave_out: A folder that is no part of the context, wherever it lies.
        keep_credentials: Whether files of credentials are a part of it.

    Raises:
        InputsInvalid: It is not a Dockerfile.
    """
    from docker.utils.build import exclude_paths  # noqa: PLC0415 - few runs need an engine

    parsed = _parsed(path)
    found = exclude_paths(str(path.parent), _patterns(_ignore_file(path)), dockerfile=path.name)
    if _ignore_file(path).name != _IGNORE_FILE:
        found -= {_IGNORE_FILE}  # the engine would apply it as well
    files = sorted(_without(found, path.parent, leave_out))
    if keep_credentials:
        return OwnDockerfile(path, parsed, tuple(files))
    out = {name: left for name in files if name != path.name and (left := _credentials(path.parent / name, name))}
    kept = tuple(name for name in files if name not in out)
    return OwnDockerfile(path, parsed, kept, tuple(dict.fromkeys(out.values())))


def _credentials(path: Path, name: str) -> LeftOut | None:
    known = path.lstat()
    if stat.S_ISDIR(known.st_mode):
        return credentials_at(f"{name}/", None, 0)
    return credentials_at(name, path if stat.S_ISREG(known.st_mode) else None, known.st_size)


def base_of(dockerfile: Path) -> str | None:
    """The image that a user's Dockerfile is made from, as it is written there; None when only a build would tell.

    Raises:
        InputsInvalid: It is not a Dockerfile.
    """
    return _parsed(dockerfile).base


def line_of_base(dockerfile: Path) -> int:
    """The line of the last `FROM`, from 1.

    Raises:
        InputsInvalid: It is not a Dockerfile.
    """
    return _parsed(dockerfile).stages[-1].line + 1


def _parsed(path: Path) -> ParsedDockerfile:
    """The file alone: its context may be large, and is not looked at."""
    try:
        return parse_dockerfile(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        what = error.strerror or "it cannot be read" if isinstance(error, OSError) else str(error)
        action = "read the Dockerfile"
        problem = Problem(what, "Begin it with `FROM` and a Functions base image.", "dockerfile", Location(path))
        raise InputsInvalid(action, [problem]) from error


def content_digests(own: OwnDockerfile) -> Iterator[tuple[str, str, str]]:
    """Path, kind with permissions, and SHA-256 or link target of everything in the context."""
    for name in own.files:
        path = own.folder / name
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            yield name, "link", str(path.readlink())
        elif stat.S_ISREG(mode):
            with path.open("rb") as stream:
                yield name, oct(mode), hashlib.file_digest(stream, "sha256").hexdigest()
        else:
            yield name, oct(mode), ""


def _ignore_file(dockerfile: Path) -> Path:
    """The Dockerfile's own ignore file, else the folder's."""
    own = dockerfile.with_name(f"{dockerfile.name}{_IGNORE_FILE}")
    return own if own.is_file() else dockerfile.with_name(_IGNORE_FILE)


def _patterns(path: Path) -> list[str]:
    if not path.is_file():
        return []
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _without(found: set[str], folder: Path, leave_out: Path | None) -> Iterator[str]:
    """The paths that a context has: without a folder that is left out, sockets, and what the walk calls the top."""
    outside = os.path.relpath(leave_out, folder) if leave_out else ""
    for name in found:
        kind = stat.S_IFMT((folder / name).lstat().st_mode)
        known = kind in {stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}
        if name and known and not (outside and (name == outside or name.startswith(f"{outside}/"))):
            yield name
