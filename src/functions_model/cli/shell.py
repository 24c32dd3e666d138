"""Commands for a person to paste: called as this program was, on as many lines as the terminal needs."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

_PROGRAM = "functions-model"
_INDENT, _DEEPER = "  ", "      "
_ENDS = len(" \\")


def program() -> str:
    """What the shell finds this program by: its name where that is on the PATH, or its path."""
    called = Path(sys.argv[0])
    if called.name != _PROGRAM:  # `python -m functions_model`
        return f"{shlex.quote(sys.executable)} -m functions_model"
    found = shutil.which(_PROGRAM)
    on_path = found is not None and Path(found).resolve() == called.resolve()
    return _PROGRAM if on_path else shlex.quote(str(called))


def command(*words: str, columns: int | None = None) -> list[str]:
    """A command of this program, as `lines_for` gives it."""
    return lines_for([f"{program()} {words[0]}"], words[1:], columns)


def lines_for(head: Sequence[str], words: Sequence[str], columns: int | None) -> list[str]:
    """A command on one line if that fits, else each option on one of its own, with the shell's sign that more comes.

    Args:
        head: What is said first, as it is.
        words: The rest, to be quoted; what begins with a hyphen begins a line, its value goes along.
        columns: How wide a line may be; None: as wide as it gets.
    """
    quoted = [shlex.quote(word) for word in words]
    whole = _INDENT + " ".join([*head, *quoted])
    if columns is None or len(whole) <= columns:
        return [whole]
    rows, row = [], _INDENT + " ".join(head)
    for part in _parts(quoted):
        if len(row) + 1 + len(part) + _ENDS > columns:
            rows.append(f"{row} \\")
            row = _DEEPER + part
        else:
            row += f" {part}"
    return [*rows, row]


def _parts(quoted: Sequence[str]) -> list[str]:
    """Options with their values."""
    parts: list[str] = []
    for word in quoted:
        if parts and not word.startswith("-") and parts[-1].startswith("-") and " " not in parts[-1]:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts
