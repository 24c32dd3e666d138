"""A terminal of the tests: what a person would see after all that was written to it."""

from __future__ import annotations

import io
import re

_PIECE = re.compile(r"\x1b\[(\d*)([AKJ])|([\r\n])|([^\x1b\r\n]+)")


class Screen(io.StringIO):
    """A stream that shows. Lines are as long as they like; `widest` is the longest that was ever written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [""]
        self.row = self.column = self.widest = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        pieces = list(_PIECE.finditer(text))
        assert "".join(piece[0] for piece in pieces) == text, "an escape sequence that this screen does not know"
        for piece in pieces:
            count, escape, end, words = piece.groups()
            if escape:
                self._escape(escape, int(count or 1))
            elif end:
                self._end(end)
            else:
                self._put(words)
        return super().write(text)

    @property
    def seen(self) -> list[str]:
        """The lines, without empty ones at the end."""
        lines = [line.rstrip() for line in self.lines]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _put(self, words: str) -> None:
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + words + line[self.column + len(words) :]
        self.column += len(words)
        self.widest = max(self.widest, self.column)

    def _end(self, end: str) -> None:
        self.column = 0
        if end == "\n":
            self.row += 1
            self.lines += [""] * (self.row + 1 - len(self.lines))

    def _escape(self, kind: str, count: int) -> None:
        if kind == "A":
            assert self.row >= count, "the cursor would leave the screen"
            self.row -= count
        else:
            self.lines[self.row] = self.lines[self.row][: self.column]
            if kind == "J":
                del self.lines[self.row + 1 :]
