"""A Dockerfile of the user's own, with its folder as its context; read as far as this tool must know it.

https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from functions_model.core.failures import InputsInvalid, Location, Problem
from functions_model.core.report_names import is_of_a_report
from functions_model.engine.beside import PREFIX
from functions_model.engine.ignore_files import IGNORE_FILE, ignore_file, patterns_in
from functions_model.image.credentials import LeftOut, credentials_at
from functions_model.image.opened import TextRefused, opened, read_text

_DIRECTIVE = re.compile(r"#\s*([a-z]+)\s*=\s*(.+?)\s*", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?([\"']?)([A-Za-z_]\w*)\1")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})")


@dataclass(frozen=True, slots=True)
class Stage:
    """One `FROM` and what follows it.

    Attributes:
        source: What it starts from, variables filled in: an image, or an earlier stage.
        name: After `AS`; empty without one.
        user: The last `USER` in it; empty without one.
        line: The last line of its `FROM`, counted from 0.
    """

    source: str
    name: str
    user: str
    line: int


@dataclass(frozen=True, slots=True)
class ParsedDockerfile:
    """A Dockerfile's stages.

    Attributes:
        text: All of it.
        escape: The character that continues a line and escapes others.
        stages: In their order; at least one.
    """

    text: str
    escape: str
    stages: tuple[Stage, ...]

    @property
    def base(self) -> str | None:
        """The image that the last stage is made from in the end; None when only a build would tell."""
        source = self._lineage()[-1].source
        return None if source == "scratch" or "$" in source else source

    @property
    def user(self) -> str:
        """Who the last stage runs as, as far as this file says; empty when it does not."""
        return next((stage.user for stage in self._lineage() if stage.user), "")

    def with_named_end(self, name: str) -> tuple[str, str]:
        """The text with a name for its last stage, and that name: its own where it has one."""
        last = self.stages[-1]
        if last.name:
            return self.text, last.name
        lines = self.text.splitlines()
        lines[last.line] = f"{lines[last.line].rstrip()} AS {name}"
        return "\n".join(lines) + "\n", name

    def line_of(self, step: str) -> int | None:
        """The last line of an instruction that an engine names, counted from 1; None when it is not found."""
        found = _instructions(self.text, self.escape)
        return next((line + 1 for keyword, rest, line in found if f"{keyword} {rest}".split() == step.split()), None)

    def free_name(self, wanted: str) -> str:
        """A name that no stage has."""
        taken = {stage.name.lower() for stage in self.stages}
        while wanted in taken:
            wanted = f"app-{wanted}"
        return wanted

    def _lineage(self) -> list[Stage]:
        """The last stage, and the stages that it is made from, the nearest first."""
        lineage = [self.stages[-1]]
        for stage in reversed(self.stages[:-1]):
            if stage.name and stage.name.lower() == lineage[-1].source.lower():
                lineage.append(stage)
        return lineage


def parse_dockerfile(text: str) -> ParsedDockerfile:
    """Read a Dockerfile.

    Raises:
        ValueError: It has no `FROM`; the text is a clause without a full stop.
    """
    escape = _escape(text)
    stages: list[Stage] = []
    arguments: dict[str, str] = {}
    for keyword, rest, line in _instructions(text, escape):
        if keyword == "ARG" and not stages:
            name, _, value = rest.partition("=")
            arguments[name] = _filled(value.strip("\"'"), arguments)
        elif keyword == "FROM":
            stages.append(_stage(rest, line, arguments))
        elif keyword == "USER" and stages:
            last = stages[-1]
            stages[-1] = Stage(last.source, last.name, rest, last.line)
    if not stages:
        raise ValueError("it has no `FROM`")
    return ParsedDockerfile(text, escape, tuple(stages))


def _stage(rest: str, line: int, arguments: Mapping[str, str]) -> Stage:
    words = [word for word in rest.split() if not word.startswith("--")]
    name = words[2] if len(words) == 3 and words[1].upper() == "AS" else ""
    return Stage(_filled(words[0], arguments) if words else "", name, "", line)


def _filled(text: str, arguments: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        known = arguments.get(match[1] or match[2]) or match[3]
        return known if known is not None else match[0]

    return _VARIABLE.sub(value, text)


def _escape(text: str) -> str:
    """The escape character: a directive can change it, which must stand before everything else."""
    for line in text.splitlines():
        match = _DIRECTIVE.fullmatch(line.strip())
        if not match:
            break
        if match[1].lower() == "escape":
            return match[2]
    return "\\"


def _instructions(text: str, escape: str) -> Iterator[tuple[str, str, int]]:
    """Keyword, arguments, and the number of the last line of each instruction."""
    lines = iter(enumerate(text.splitlines()))
    gathered = ""
    for number, line in lines:
        plain = line.strip()
        if not plain or plain.startswith("#"):
            continue
        if plain.endswith(escape):
            gathered += plain[: -len(escape)] + " "
            continue
        keyword, _, rest = (gathered + plain).partition(" ")
        gathered = ""
        yield keyword.upper(), rest.strip(), number
        for _, ending in _HEREDOC.findall(rest) if keyword.upper() in {"RUN", "COPY", "ADD"} else ():
            for _, inside in lines:
                if inside.strip() == ending:
                    break


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

    parsed = read_dockerfile(path)
    found = exclude_paths(str(path.parent), patterns_in(ignore_file(path)), dockerfile=path.name)
    if ignore_file(path).name != IGNORE_FILE:
        found -= {IGNORE_FILE}  # the engine would apply it as well
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


def read_dockerfile(path: Path) -> ParsedDockerfile:
    """The file alone: its context may be large, and is not looked at.

    Raises:
        InputsInvalid: It is not a Dockerfile.
    """
    try:
        return parse_dockerfile(read_text(path))
    except TextRefused as error:
        problem = Problem(error.what, error.remedy, "dockerfile", Location(path, error.line))
        raise InputsInvalid("read the Dockerfile", [problem]) from error
    except ValueError as error:
        problem = Problem(str(error), "Begin it with `FROM` and a Functions base image.", "dockerfile", Location(path))
        raise InputsInvalid("read the Dockerfile", [problem]) from error


def content_digests(own: OwnDockerfile) -> Iterator[tuple[str, str, str]]:
    """Path, kind with permissions, and SHA-256 or link target of everything in the context."""
    for name in own.files:
        path = own.folder / name
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            yield name, "link", str(path.readlink())
        elif stat.S_ISREG(mode):
            with opened(path) as stream:
                yield name, oct(mode), hashlib.file_digest(stream, "sha256").hexdigest()
        else:
            yield name, oct(mode), ""


def _without(found: set[str], folder: Path, leave_out: Path | None) -> Iterator[str]:
    """The paths that a context has: without a folder that is left out, reports, sockets, and what is called the top."""
    outside = os.path.relpath(leave_out, folder) if leave_out else ""
    for name in found:
        try:
            kind = stat.S_IFMT((folder / name).lstat().st_mode)
        except FileNotFoundError:
            continue  # it has gone meanwhile
        known = kind in {stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK} and not is_of_a_report(folder / name)
        if f"/{name}".rpartition(f"/{PREFIX}")[1]:
            continue  # of a run beside this one
        if name and known and not (outside and (name == outside or name.startswith(f"{outside}/"))):
            yield name
