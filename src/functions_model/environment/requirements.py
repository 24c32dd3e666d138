"""`requirements.txt`, as pip reads it: https://pip.pypa.io/en/stable/reference/requirements-file-format/."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from functions_model.core.failures import Location
from functions_model.environment.requirement_lines import read_requirement
from functions_model.environment.requirement_options import read_option

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions_model.environment.request import Draft

_COMMENT = re.compile(r"(^|\s+)#.*$")
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_requirements(path: Path, draft: Draft, *, as_constraints: bool = False) -> None:
    """Add what a requirements file, and every file that it includes, asks for.

    Args:
        path: The file, absolute.
        draft: What is added to, problems included.
        as_constraints: Whether the lines limit packages instead of asking for them (`-c`).
    """
    if path in draft.open_files:
        draft.refuse(Location(path), "the file includes itself", "Remove the circle of `-r` or `-c` lines.")
        return
    text = read_text(path, draft)
    if text is None:
        return
    draft.open_files.append(path)
    for number, line in logical_lines(text):
        read_line(line, Location(path, number), draft, as_constraints=as_constraints)
    draft.open_files.pop()


def read_line(line: str, location: Location, draft: Draft, *, as_constraints: bool = False) -> None:
    """Add what one logical line asks for: an option or a requirement."""
    if not line.startswith("-"):
        read_requirement(line, location, draft, as_constraints=as_constraints)
        return
    include = read_option(line, location, draft)
    if include:
        read_requirements(include.path, draft, as_constraints=as_constraints or include.as_constraints)


def read_text(path: Path, draft: Draft) -> str | None:
    """A file's text: UTF-8, or what its byte order mark says (PowerShell's `>` writes UTF-16)."""
    try:
        content = path.read_bytes()
    except OSError as error:
        draft.refuse(
            Location(path), f"the file cannot be read: {error.strerror}", "Check the path and its permissions."
        )
        return None
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        draft.refuse(Location(path, line), "the file is not UTF-8 text", "Save it as UTF-8.")
        return None


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their continuations joined and comments gone, each with the number of its first physical line."""
    start, parts = 0, []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        start = start or number
        is_comment = line.lstrip().startswith("#")
        continues = line.endswith("\\") and not is_comment and number < len(lines)
        parts.append(line[:-1] if continues else line)
        if continues:
            continue
        joined = _COMMENT.sub("", "".join(parts)).strip()
        if joined:
            yield start, joined
        start, parts = 0, []
