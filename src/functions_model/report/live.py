"""The last lines of a terminal, drawn again and again in place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import TextIO

from functions_model.ci.scrub import writable

_UP = "\x1b[{}A"
_END_OF_LINE = "\x1b[K"
_BELOW = "\x1b[J"
"""ECMA-48: cursor up, erase to the end of the line, erase what is below. No colours, so `NO_COLOR` is honoured."""


def size_of(stream: TextIO) -> os.terminal_size:
    """Columns and lines of the terminal behind the stream; 80 by 24 where nobody knows."""
    try:
        found = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        found = os.terminal_size((0, 0))
    guessed = shutil.get_terminal_size()
    return os.terminal_size((found.columns or guessed.columns, found.lines or guessed.lines))


def shows_blocks(stream: TextIO) -> bool:
    """Whether the stream takes the characters that a smooth bar is drawn with."""
    return writable("█▏", stream) == "█▏"


class LiveLines:
    """Lines below the log. The cursor rests at the start of the line below them.

    Not thread-safe: whoever uses it holds a lock, and writes nothing else meanwhile.

    Args:
        stream: A terminal that can move the cursor.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: tuple[str, ...] = ()
        self._shown = 0

    def show(self, lines: Sequence[str]) -> None:
        """Draw these in place of those drawn before. Each must fit into a line of the terminal."""
        self._lines = tuple(lines)
        if self._lines or self._shown:
            self._draw(self._lines)

    def hide(self) -> None:
        """Take the lines away, so that something else can be written where they were."""
        if self._shown:
            self._draw(())

    def again(self) -> None:
        """Draw what was hidden."""
        if self._lines:
            self._draw(self._lines)

    def _draw(self, lines: Sequence[str]) -> None:
        up = _UP.format(self._shown) if self._shown else ""
        body = "".join(f"{writable(line, self._stream)}{_END_OF_LINE}\n" for line in lines)
        # One write: half a screen is never seen.
        self._stream.write(f"{up}\r{body}{_BELOW}")
        self._stream.flush()
        self._shown = len(lines)
