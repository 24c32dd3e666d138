"""Commands that are there to be pasted, on as many lines as are needed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

_DEEPER = "    "
_ENDS = len(" \\")
_OPTION = re.compile(r" (?=--?[A-Za-z])")


def quoted(words: Sequence[str]) -> list[str]:
    """Words for a shell, an option and its value together."""
    parts: list[str] = []
    for word in map(shlex.quote, words):
        if parts and not word.startswith("-") and parts[-1].startswith("-") and " " not in parts[-1]:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts


def apart(command: str) -> list[str]:
    """A command without quotes, as its parts: what stands before the options, and each option with its value."""
    return _OPTION.split(command)


def pasted(parts: Sequence[str], columns: int | None, indent: str = "") -> list[str]:
    """A command on one line if that fits, else on several.

    Args:
        parts: What is not torn apart, as the shell reads it.
        columns: How wide a line may be; None: as wide as it gets.
        indent: Stands before each line.
    """
    whole = indent + " ".join(parts)
    if columns is None or len(whole) <= columns:
        return [whole]
    rows, row = [], indent + parts[0]
    for part in parts[1:]:
        if len(row) + 1 + len(part) + _ENDS > columns:
            rows.append(f"{row} \\")
            row = indent + _DEEPER + part
        else:
            row += f" {part}"
    return [*rows, row]
