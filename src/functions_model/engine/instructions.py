"""Reads a Dockerfile as far as this tool must know it: its stages, what they start from, and who they run as.

https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
        message = "it has no `FROM`"
        raise ValueError(message)
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
