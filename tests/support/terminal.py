"""A terminal of a given width with a program in it, and what its screen shows in the end."""

from __future__ import annotations

import fcntl
import itertools
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyte

from support.console import console_environ

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_ROWS = 400
"""So many that nothing scrolls away."""
_SECONDS = 240
_DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Shown:
    """A program that has ended, and its screen.

    Attributes:
        code: The exit code.
        screen: All of it.
        raw: What it wrote.
        pieces: The same, each with the seconds since the start.
    """

    code: int
    screen: pyte.Screen
    raw: str
    pieces: tuple[tuple[float, bytes], ...] = ()

    @property
    def lines(self) -> list[str]:
        """The rows, without empty ones at the end."""
        rows = [row.rstrip() for row in self.screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def text(self) -> str:
        """The rows as one text."""
        return "\n".join(self.lines)

    def after(self, beginning: str) -> str:
        """The rows below the one that begins so, to the next empty one."""
        start = next(number for number, line in enumerate(self.lines) if line.startswith(beginning))
        return "\n".join(itertools.takewhile(bool, self.lines[start + 1 :]))

    def colours(self, word: str) -> set[str]:
        """The colours of the characters of a word, wherever it stands."""
        found: set[str] = set()
        for number, row in enumerate(self.screen.display):
            at = row.find(word)
            while at >= 0:
                cells = self.screen.buffer[number]
                found |= {cells[column].fg for column in range(at, at + len(word))}
                at = row.find(word, at + 1)
        return found

    def broken_words(self, *, longest: int) -> list[str]:
        """Rows that go on in the next one in the middle of a word that would have fitted into one.

        A row that is full to the last column, and the next one goes on without a space.
        """
        columns, rows = self.screen.columns, self.screen.display
        return [first for first, second in itertools.pairwise(rows) if _breaks(first, second, columns, longest)]

    @property
    def is_plain(self) -> bool:
        """Whether no character has a colour or is bold."""
        cells = (cell for row in self.screen.buffer.values() for cell in row.values())
        return all(cell.fg == _DEFAULT and not cell.bold for cell in cells)


def _breaks(first: str, second: str, columns: int, longest: int) -> bool:
    if first[columns - 1 :].strip() == "" or not second or second[0] == " ":
        return False
    return len(first.rsplit(maxsplit=1)[-1]) + len(second.split(maxsplit=1)[0]) <= longest


def shown(
    words: Sequence[str],
    *,
    columns: int,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    answers: Sequence[tuple[str, str]] = (),
    interrupt: str = "",
    rows: int = _ROWS,
) -> Shown:
    """Run a program in a terminal, to its end.

    Args:
        words: Of the command.
        columns: How wide the terminal is.
        cwd: The folder.
        environ: More variables.
        answers: What is typed when a text has appeared, in this order.
        interrupt: The text at which Ctrl-C is pressed.
        rows: How high the terminal is.
    """
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    kept = {name: value for name, value in console_environ().items() if name not in {"CI", "NO_COLOR", "COLUMNS"}}
    with subprocess.Popen(
        words,
        cwd=cwd,
        env={**kept, "TERM": "xterm-256color", **(environ or {})},
        stdin=there,
        stdout=there,
        stderr=there,
        start_new_session=True,
    ) as process:
        os.close(there)
        written, waiting, pieces, begun = b"", [*answers], list[tuple[float, bytes]](), time.monotonic()
        try:
            for piece in _pieces(here):
                written += piece
                pieces.append((time.monotonic() - begun, piece))
                if waiting and waiting[0][0].encode() in written:
                    os.write(here, waiting.pop(0)[1].encode() + b"\n")
                if interrupt and interrupt.encode() in written:
                    process.send_signal(signal.SIGINT)
                    interrupt = ""
        finally:
            os.close(here)
        code = process.wait(_SECONDS)
    screen = pyte.Screen(columns, _ROWS)
    pyte.ByteStream(screen).feed(written)
    return Shown(code, screen, written.decode(errors="replace"), tuple(pieces))


def _pieces(terminal: int) -> Iterator[bytes]:
    until = time.monotonic() + _SECONDS
    with suppress(OSError):  # Linux says so when the last program has closed its side
        while time.monotonic() < until:
            if select.select([terminal], [], [], 1)[0]:
                piece = os.read(terminal, 65536)
                if not piece:
                    return
                yield piece
