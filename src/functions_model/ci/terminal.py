"""A terminal that a person looks at: how wide it is, few colours, and lines that are folded between words."""

from __future__ import annotations

import enum
import os
import re
import shutil
from typing import TextIO

from tqdm.utils import disp_len  # type: ignore[import-untyped] # it has no types of its own

_PAINT = re.compile(r"\x1b\[[0-9;:]*m")
_OURS = r"\x1b\[(?:0|1|3[123]|1;31)m"
_NOT_OURS = re.compile(rf"(?!{_OURS})\x1b\[[0-9;:]*m")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SIGNS = (
    "\x00-\x08\x0e-\x1a\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
"""Control characters but the tab; of format characters those that hide or turn text (Unicode's categories Cc and Cf,
without the joiners that scripts and emoji need); halves of surrogate pairs."""
_OBEYED = re.compile(f"[{_SIGNS}\x1b]")
_OBEYED_BESIDE_COLOURS = re.compile(f"[{_SIGNS}]|(?!{_OURS})\x1b")
_WORD = re.compile(r"\s*\S+")
_LABEL = re.compile(r"\s*\S+ {2,}(?=\S)")
"""A short word before the text of a line, with a gap between the two."""
_WIDEST_LABEL = 24
_DEEPER = 2
"""Columns that the rest of a folded line is indented more than its beginning."""
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")
_OPTION = re.compile(r"(?:^|\s)--[a-z]")
"""Only a command's line has one."""


class Colour(enum.StrEnum):
    """What is shown in another way, as the number of ECMA-48's "select graphic rendition"."""

    HEADING = "1"
    GOOD = "32"
    CHANGED = "33"
    BAD = "31"


def painted(text: str, *colours: Colour) -> str:
    """The text in these colours; without any, as it is."""
    return f"\x1b[{';'.join(colours)}m{text}\x1b[0m" if text and colours else text


def inert(text: str, *, colours: bool = False) -> str:
    r"""The text of somebody else as text: what a terminal would obey is left out or shown as `\x1b`.

    Colours go, lines end as ours do, and what has no width or turns the direction of writing is shown by its number: a
    log is what it looks like.

    Args:
        text: Whatever a service, a file's name or a script says.
        colours: Leave those that `painted` writes.
    """
    text = (_NOT_OURS if colours else _PAINT).sub("", _LINE_ENDS.sub("\n", text))
    return (_OBEYED_BESIDE_COLOURS if colours else _OBEYED).sub(_by_number, text)


def _by_number(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def size_of(stream: TextIO) -> os.terminal_size:
    """Columns and lines of the terminal behind the stream; 80 by 24 where nobody knows."""
    try:
        found = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        found = os.terminal_size((0, 0))
    guessed = shutil.get_terminal_size()
    return os.terminal_size((found.columns or guessed.columns, found.lines or guessed.lines))


def folded(text: str, columns: int) -> str:
    """The text with lines that fit, broken between words. A word that is longer than a line stays whole.

    So do the lines of a shell's command that has several, and of a program that it is given: they are to be pasted.

    Args:
        text: Lines, with colours or without.
        columns: How wide a line may be.
    """
    rows, goes_on, program = [], False, False
    for line in text.split("\n"):
        program = (program or line.endswith("<<'END'")) and line != "END"
        whole = program or goes_on
        goes_on = line.endswith(" \\")
        rows += [line] if whole or goes_on else _rows(line, columns)
    return "\n".join(rows)


def brief_digests(text: str) -> str:
    """The text with the start of each digest; a command, in a line or between backticks, is left whole."""
    parts = text.split("`")
    return "`".join(part if number % 2 and " " in part else _brief(part) for number, part in enumerate(parts))


def _brief(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(line if _OPTION.search(line) else _DIGEST.sub(r"\1", line) for line in lines)


def _rows(line: str, columns: int) -> list[str]:
    if disp_len(line) <= columns:
        return [line]
    rows, row, hang = [], "", "# " if line.startswith("# ") else " " * _hang(line, columns)
    for word in _WORD.findall(line):
        if row.strip() and disp_len(row) + disp_len(word) > columns:
            rows.append(row)
            row = hang + word.lstrip()
        else:
            row += word
    return [*rows, row]


def _hang(line: str, columns: int) -> int:
    """Where the rest of a line begins: below the text behind its label, or a little deeper than the line."""
    label = _LABEL.match(line)
    if label and disp_len(label[0]) <= min(_WIDEST_LABEL, columns // 3):
        return int(disp_len(label[0]))
    return min(len(line) - len(line.lstrip()) + _DEEPER, columns // 3)
