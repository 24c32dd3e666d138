"""The ignore file of a user's Dockerfile: which it is, and what stands in it."""

from __future__ import annotations

import re
from pathlib import Path

from functions_model.core.failures import InputsInvalid, Location, Problem
from functions_model.image.opened import TextRefused, in_print, read_text

IGNORE_FILE = ".dockerignore"
_SHOWN = 60
_MOST_STARS = 4
"""Each star more is tried at each place of a name, for each of those before."""


def ignore_file(dockerfile: Path) -> Path:
    """The Dockerfile's own ignore file, else the folder's."""
    own = dockerfile.with_name(f"{dockerfile.name}{IGNORE_FILE}")
    return own if own.is_file() else dockerfile.with_name(IGNORE_FILE)


def patterns_in(path: Path) -> list[str]:
    """The lines of an ignore file.

    Raises:
        InputsInvalid: It cannot be read, or has a line that nothing can be matched with.
    """
    if not path.is_file():
        return []
    try:
        numbered = enumerate(read_text(path).splitlines(), 1)
    except TextRefused as error:
        raise _refused(path, Problem(error.what, error.remedy, "dockerfile", Location(path, error.line))) from error
    lines = {number: line.strip() for number, line in numbered if line.strip() and not line.strip().startswith("#")}
    for number, line in lines.items():
        if why := _unmatchable(line):
            problem = Problem(f"`{line[:_SHOWN]}` {why}", "Correct the line.", "dockerfile", Location(path, number))
            raise _refused(path, problem)
    return list(lines.values())


def _refused(path: Path, problem: Problem) -> InputsInvalid:
    return InputsInvalid(f"read `{in_print(path.name)}`", [problem])


def _unmatchable(line: str) -> str:
    """Why no file can be matched with a line of an ignore file, or only after hours; empty where that can be."""
    from docker.utils.fnmatch import translate  # noqa: PLC0415 - few runs need an engine

    if any(part.count("*") > _MOST_STARS for part in line.split("/")):
        return f"has more than {_MOST_STARS} stars between two slashes"
    try:
        re.compile(translate(line))
    except re.error:
        return "means nothing"
    return ""
