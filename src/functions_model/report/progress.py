"""Progress, for people: lines that move on a terminal, and now and then a line in a log. Never silent for ten seconds.

The rooms tell how far they are for every block, from several threads, which costs them next to nothing: a thread of its
own looks at the tasks a few times a second and writes.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TextIO

from functions_model.ci.host import CiHost
from functions_model.ci.scrub import writable
from functions_model.ci.terminal import size_of
from functions_model.core.work import Report
from functions_model.report.tasks import Tasks, TaskView, ended_line, fitted, live_line, log_line, name_width, seconds
from functions_model.report.watched_host import WatchedHost

_UP = "\x1b[{}A"
_END_OF_LINE = "\x1b[K"
_BELOW = "\x1b[J"
"""ECMA-48: cursor up, erase to the end of the line, erase what is below."""


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


INTERVAL = 5.0
"""Seconds between two lines of progress in a log."""
SILENCE = 8.0
"""Seconds without a line after which a log says what is going on: less than the ten that nobody should have to wait."""
_MOST_LINES = 8
"""Lines that are drawn at most; more would push the log out of sight."""
_FRAME = 0.1
"""Seconds between two drawings on a terminal: as often as an eye can follow."""
_CALM = 1.0
"""Seconds after the last line until a terminal shows which stage runs: a short one needs no such line."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a run needs to be watched.

    Attributes:
        ci: The host, each line noted and written above the lines that move.
        report: For the rooms.
        end: Takes the lines that move away, before the last word of a run that does not come to its end.
        clear: Takes them away until something runs again, so that somebody can be asked.
    """

    ci: CiHost
    report: Report
    end: Callable[[], None]
    clear: Callable[[], None]


@contextmanager
def watch(
    ci: CiHost,
    stream: TextIO,
    *,
    clock: Callable[[], float] = time.monotonic,
    interval: float = INTERVAL,
    silence: float = SILENCE,
    terminal: bool | None = None,
    size: Callable[[], os.terminal_size] | None = None,
) -> Iterator[Watched]:
    """Show progress while the block runs. Its thread has ended, and its lines are gone, when the block is left.

    Args:
        ci: The host that writes the log to the stream.
        stream: Lines that move are drawn on it.
        clock: Seconds.
        interval: Seconds between two lines in a log, and those that a task must last to be told of there.
        silence: Seconds after which a log is told which stage runs.
        terminal: Whether lines can be drawn again; None leaves it to the host.
        size: Columns and lines of the terminal; None asks the stream.
    """
    live = LiveLines(stream) if (ci.facts.has_terminal if terminal is None else terminal) else None
    watcher = Watcher(
        ci,
        live,
        size=size or (lambda: size_of(stream)),
        clock=clock,
        interval=interval,
        silence=silence,
        plain=not shows_blocks(stream),
    )
    stop = threading.Event()
    period = _FRAME if live else min(0.5, interval / 4, silence / 4)
    thread = threading.Thread(target=_keep_looking, args=(watcher, stop, period), name="progress", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        watcher.end()

    try:
        yield Watched(watcher.host, watcher.tasks.take, end, watcher.end)
    finally:
        stop.set()
        thread.join()
        with suppress(OSError, ValueError):
            watcher.end()


def _keep_looking(watcher: Watcher, stop: threading.Event, period: float) -> None:
    # A stream that is closed or broken must not end a run: whoever writes the log next will hear of it.
    with suppress(OSError, ValueError):
        while not stop.wait(period):
            watcher.look()


class Watcher:
    """Looks at the tasks and writes what there is to say.

    Args:
        ci: Writes the log.
        live: Lines that move; None for a log.
        size: Columns and lines of the terminal.
        clock: Seconds.
        interval: See `watch`.
        silence: See `watch`.
        plain: Draw with ASCII characters only.
    """

    def __init__(
        self,
        ci: CiHost,
        live: LiveLines | None,
        *,
        size: Callable[[], os.terminal_size],
        clock: Callable[[], float] = time.monotonic,
        interval: float = INTERVAL,
        silence: float = SILENCE,
        plain: bool = False,
    ) -> None:
        self._ci = ci
        self._live = live
        self._size = size
        self._clock = clock
        self._interval = interval
        self._silence = silence
        self._plain = plain
        self._lock = threading.RLock()
        self._heard = self._told = clock()
        self.tasks = Tasks(clock)
        self.host = WatchedHost(ci, self.above, clock)

    @contextmanager
    def above(self, *, heard: bool = True) -> Iterator[None]:
        """Alone at the stream, above the live lines. Tasks that have ended are told first, as they were there first."""
        with self._lock:
            if self._live:
                self._live.hide()
            try:
                self._tell_ended()
                yield
            finally:
                if heard:
                    self._heard = self._clock()
                if self._live:
                    self._live.again()

    def look(self) -> None:
        """Once: write what there is to say now."""
        running = self.tasks.running()
        with self._lock:
            now = self._clock()
            if self._live:
                self._draw(self._live, running, now)
            else:
                self._write(running, now)

    def end(self) -> None:
        """The last word: tasks that have ended, and no live line."""
        with self._lock:
            self._tell_ended()
            if self._live:
                self._live.show(())

    def _tell_ended(self) -> None:
        """Write a line for each task that has ended, if it took so long that people waited for it."""
        for task in self.tasks.take_ended():
            if task.seconds >= self._interval:
                if self._live:
                    self._live.hide()
                self._ci.info(ended_line(task))
                self._heard = self._clock()

    def _write(self, running: Sequence[TaskView], now: float) -> None:
        self._tell_ended()
        long = [task for task in running if task.seconds >= self._interval]
        stage = self.host.stage
        if long and now - self._told >= self._interval:
            self._ci.info(log_line(long))
            self._told = self._heard = now
        elif stage and now - self._heard >= self._silence:
            self._ci.info(f"Still running: {stage.title}, {seconds(now - stage.started)}")
            self._heard = now

    def _draw(self, live: LiveLines, running: Sequence[TaskView], now: float) -> None:
        columns, lines = self._size()
        safe = [replace(task, name=self._printable(task.name)) for task in running]
        self._tell_ended()
        # One column less: a full last column makes some terminals begin a new line.
        live.show(self._lines(safe, max(1, columns - 1), max(1, min(_MOST_LINES, lines - 2)), now))

    def _printable(self, text: str) -> str:
        """Without masked values, before a line is cut in the middle of one, and without what moves the cursor."""
        return "".join(char if char.isprintable() else "?" for char in self._ci.scrub(text))

    def _lines(self, running: Sequence[TaskView], columns: int, most: int, now: float) -> list[str]:
        if not running:
            stage = self.host.stage
            waiting = stage and now - self._heard >= _CALM
            if not stage or not waiting:
                return []
            return [fitted(f"{self._printable(stage.title)}, {seconds(now - stage.started)}", columns)]
        shown = running if len(running) <= most else running[: most - 1]
        width = name_width(shown, columns)
        drawn = [live_line(task, columns, name_width=width, plain=self._plain) for task in shown]
        if len(shown) < len(running):
            drawn.append(fitted(f"and {len(running) - len(shown)} more", columns))
        return drawn
