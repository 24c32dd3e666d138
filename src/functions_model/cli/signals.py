"""Signals: a CI host's cancel, Ctrl-C, a terminal or a reader that goes away. The first of them ends the run.

GitHub sends SIGINT, 7.5 s later SIGTERM, and 2.5 s after that it kills the client of the container alone: the container
lives on (actions/runner, ProcessInvoker.cs, `CancelAndKillProcessTree`). So at the first signal nothing more is begun
(`core.cancel`), for some seconds answers to what was sent may still come, the end is told, and the process leaves as it
is: no thread is joined, whatever it waits for. A second signal has it leave at once.

A thread of its own waits for the signals. Python runs a handler in the main thread, which may hang in a look-up of a
name for half a minute.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import NoReturn, Protocol

from functions_model.core.cancel import CANCEL

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
"""The exit code, as shells have it for Ctrl-C."""
READER_GONE = 141
"""The exit code when nobody reads standard output any more, as shells have it for SIGPIPE."""
ANSWERS = 3.0
"""Seconds after the first signal in which answers to writes may still come."""
LONGEST = 4.5
"""Seconds after the first signal at which the process is gone, whatever is open."""
_SETTLING = 0.2
"""Seconds for an answer that has come to be noted."""
_ONE = 0.3
"""Seconds in which several signals are one: a terminal sends Ctrl-C to a whole group, and who is in it hands it on."""
_LAST_WORDS = 1.0
"""Seconds after a second signal at which the process is gone."""


class Story(Protocol):
    """A run that can tell its end when a signal comes."""

    def stopping(self, awaited: tuple[str, ...]) -> None:
        """Say that it stops, and which work may still be answered."""

    def stopped(self, begun: tuple[str, ...]) -> None:
        """Say how it ended, and of which work the end is not known. Waits for nothing."""


_stories: list[Story] = []
_end = threading.RLock()
"""Held by whoever tells the end: the run, or a signal."""


@contextmanager
def told_by(story: Story) -> Iterator[None]:
    """Let a story tell the end when a signal comes inside the block."""
    _stories.append(story)
    try:
        yield
    finally:
        _stories.remove(story)


@contextmanager
def telling_the_end() -> Iterator[None]:
    """The run tells its own end in the block. When a signal came first, that one tells it, and nothing goes on here."""
    CANCEL.check()
    with _end:
        yield


@contextmanager
def watched(leave: Callable[[int], object] = os._exit) -> Iterator[Callable[[], object]]:
    """Watch for signals inside the block. Only in the main thread.

    Args:
        leave: Ends the process with an exit code, and joins no thread.

    Yields:
        Says that nobody reads standard output any more, which ends the run as a signal does. It returns at once.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    before = {number: signal.getsignal(number) for number in SIGNALS}
    # Ctrl-C is set in any case: a shell starts its background jobs with it ignored. SIGHUP stays ignored under `nohup`.
    ours = [number for number in SIGNALS if number != signal.SIGHUP or before[number] is not signal.SIG_IGN]
    wakes = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    for number in ours:
        signal.signal(number, _noted)
    watcher = threading.Thread(target=_watch, args=(heard, leave), name="signals", daemon=True)
    watcher.start()
    try:
        # As if it had come. Python ignores the signal itself, which comes for a connection that breaks, too.
        yield partial(os.write, told, bytes([signal.SIGPIPE]))
    finally:
        signal.set_wakeup_fd(wakes)
        for number in ours:
            signal.signal(number, before[number])
        os.close(told)
        watcher.join()
        os.close(heard)


def await_the_end() -> NoReturn:
    """Stay here: a signal has come, and the process ends around this thread."""
    while True:
        threading.Event().wait()


def _noted(*_: object) -> None:
    """Do nothing: the watcher was woken already."""


def _watch(heard: int, leave: Callable[[int], object]) -> None:
    first = os.read(heard, 1)
    if not first:  # the end of the block
        return
    code = READER_GONE if first[0] == signal.SIGPIPE else INTERRUPTED
    _leave_after(LONGEST, leave, code)
    again = threading.Event()
    threading.Thread(target=_hear_again, args=(heard, again, leave, code), name="again", daemon=True).start()
    try:
        CANCEL.cancel()
        _stop(again, time.monotonic() + LONGEST, quiet=code == READER_GONE)
    finally:
        leave(code)


def _leave_after(seconds: float, leave: Callable[[int], object], code: int) -> None:
    last = threading.Timer(seconds, leave, (code,))
    last.daemon = True
    last.start()


def _hear_again(heard: int, again: threading.Event, leave: Callable[[int], object], code: int) -> None:
    first = time.monotonic()
    with suppress(OSError):  # closed, where it is not the process that ends
        while told := os.read(heard, 1):
            if told[0] == signal.SIGPIPE:
                continue
            again.set()
            if time.monotonic() > first + _ONE:
                _leave_after(_LAST_WORDS, leave, code)
                return


def _stop(again: threading.Event, limit: float, *, quiet: bool) -> None:
    """Wait for answers, tell the end, and clean up; no longer than the limit, and hardly after another signal."""
    with suppress(Exception):
        for story in _stories[-1:]:
            story.stopping(CANCEL.awaited)
    _wait_for_answers(again, limit - LONGEST + ANSWERS)
    cleaning = threading.Thread(target=CANCEL.clean, name="cleaning", daemon=True)
    cleaning.start()
    with _end, suppress(Exception):  # a stream that is gone; there is nobody to tell
        _tell(quiet=quiet)
    cleaning.join(max(0.0, limit - time.monotonic() - 0.1))


def _wait_for_answers(again: threading.Event, until: float) -> None:
    waited = False
    while CANCEL.awaited and time.monotonic() < until and not again.is_set():
        waited = True
        again.wait(0.05)
    if waited:
        again.wait(_SETTLING)


def _tell(*, quiet: bool) -> None:
    for story in _stories[-1:]:
        story.stopped(CANCEL.open)
    if not _stories and not quiet:
        sys.stderr.write("Stopped.\n")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
