"""Signals: a CI host's cancel, Ctrl-C, a terminal that goes away. The first of them ends the run.

GitHub sends SIGINT, 7.5 s later SIGTERM, and 2.5 s after that it kills the client of the container alone: the container
lives on (actions/runner, ProcessInvoker.cs, `CancelAndKillProcessTree`). So at the first signal nothing more is begun
(`core.cancel`), for some seconds answers to what was sent may still come, the end is told, and the process leaves as it
is: no thread is joined, whatever it waits for.

A thread of its own waits for the signals. Python runs a handler in the main thread, which may hang in a look-up of a
name for half a minute.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from functions_model.core.cancel import CANCEL

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
"""The exit code, as shells have it for Ctrl-C."""
ANSWERS = 3.0
"""Seconds after the first signal in which answers to writes may still come."""
LONGEST = 4.5
"""Seconds after the first signal at which the process is gone, whatever is open."""
_SETTLING = 0.2
"""Seconds for an answer that has come to be noted."""


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
def watched(leave: Callable[[int], object] = os._exit) -> Iterator[None]:
    """Watch for signals inside the block. Only in the main thread.

    Args:
        leave: Ends the process with an exit code, and joins no thread.
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
        yield
    finally:
        signal.set_wakeup_fd(wakes)
        for number in ours:
            signal.signal(number, before[number])
        os.close(told)
        watcher.join()
        os.close(heard)


def _noted(*_: object) -> None:
    """Do nothing: the watcher was woken already."""


def _watch(heard: int, leave: Callable[[int], object]) -> None:
    if not os.read(heard, 1):  # the end of the block
        return
    limit = time.monotonic() + LONGEST
    last = threading.Timer(LONGEST, leave, (INTERRUPTED,))
    last.daemon = True
    last.start()
    try:
        CANCEL.cancel()
        _stop(heard, limit)
    finally:
        leave(INTERRUPTED)


def _stop(heard: int, limit: float) -> None:
    """Wait for answers, tell the end, and clean up; no longer than the limit, and not at all after a second signal."""
    with suppress(Exception):
        for story in _stories[-1:]:
            story.stopping(CANCEL.awaited)
    again = _wait_for_answers(heard, limit - LONGEST + ANSWERS)
    cleaning = threading.Thread(target=CANCEL.clean, name="cleaning", daemon=True)
    cleaning.start()
    with _end, suppress(Exception):  # a stream that is gone; there is nobody to tell
        _tell()
    cleaning.join(0.5 if again else max(0.0, limit - time.monotonic() - 0.1))


def _wait_for_answers(heard: int, until: float) -> bool:
    """Whether another signal came meanwhile."""
    waited = False
    while CANCEL.awaited and time.monotonic() < until:
        waited = True
        if select.select([heard], [], [], 0.05)[0]:
            return True
    return waited and bool(select.select([heard], [], [], _SETTLING)[0])


def _tell() -> None:
    for story in _stories[-1:]:
        story.stopped(CANCEL.open)
    if not _stories:
        sys.stderr.write("Stopped.\n")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
