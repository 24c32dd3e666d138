"""Whether the run was cancelled: one flag for the whole process, at which everything looks before it begins something.

What would begin after the cancel never does: its thread stays where it is, and the process ends around it
(`cli.signals`). Nothing is raised, so that no handler above can take a cancel for a failure, and put something back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import NoReturn, TypeVar

_Process = TypeVar("_Process")
_Answer = TypeVar("_Answer")


def _for_ever() -> NoReturn:
    while True:
        threading.Event().wait()


@dataclass(slots=True)
class Request:
    """A request on its way.

    Attributes:
        status: Of its answer, to be set when there is one. A refusal (4xx) has changed nothing.
    """

    status: int = 0

    @property
    def refused(self) -> bool:
        """Whether it is certain that nothing came of it."""
        return 400 <= self.status < 500


@dataclass(slots=True, eq=False)
class _Work:
    """A piece of work: what it makes or changes, how many of its writes are on their way, whether any may count."""

    what: str
    on_the_way: int = 0
    begun: bool = False


@dataclass(slots=True, eq=False)
class Ahead:
    """Work that was begun before it is known to be needed: `Cancel.ahead` does it, `Cancel.drop` ends it.

    Attributes:
        dropped: Nobody needs it any more.
        ends: End the processes that it has started.
    """

    dropped: bool = False
    ends: list[Callable[[], None]] = field(default_factory=list)


class Dropped(Exception):
    """Raised in work that nobody needs any more, where it would start another process."""


_WORK: ContextVar[_Work | None] = ContextVar("work", default=None)
_AHEAD: ContextVar[Ahead | None] = ContextVar("ahead", default=None)
_CLEANING: ContextVar[bool] = ContextVar("cleaning", default=False)


class Cancel:
    """The flag, and what was begun and is not at its end. Safe to use from many threads.

    Args:
        hold: Keeps a thread from going on; for ever, in a real run.
    """

    def __init__(self, hold: Callable[[], NoReturn] = _for_ever) -> None:
        self._hold = hold
        self._lock = threading.RLock()
        self._cancelled = False
        self._works: list[_Work] = []
        self._processes: list[Callable[[], None]] = []
        self._left: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """Let nothing more begin, and stop every process that was started."""
        with self._lock:
            self._cancelled = True
            stops = self._processes[::-1]
        for stop in stops:
            with suppress(OSError):
                stop()

    def check(self) -> None:
        """Go on; never after the cancel."""
        if self._cancelled and not _CLEANING.get():
            self._hold()

    @contextmanager
    def work(self, what: str) -> Iterator[None]:
        """A piece of work. The writes that this thread sends meanwhile are told by its name.

        Args:
            what: What it makes or changes, for people: "the plan `p`".
        """
        work = _Work(what)
        with self._lock:
            self._works.append(work)
        token = _WORK.set(work)
        try:
            yield
            work.begun = False
        finally:
            _WORK.reset(token)
            if not work.begun:  # of one that failed it is not known what came of it
                with self._lock:
                    self._works.remove(work)

    @contextmanager
    def request(self, *, writes: bool) -> Iterator[Request]:
        """One request. After the cancel it is not begun.

        Args:
            writes: Whether it changes something.
        """
        request, work = Request(), _WORK.get() if writes else None
        before = self._send(work)
        try:
            yield request
        finally:
            if work is not None:
                with self._lock:
                    work.on_the_way -= 1
                    work.begun = before if request.refused else True

    def _send(self, work: _Work | None) -> bool:
        with self._lock:
            goes = not self._cancelled or _CLEANING.get()
            before = bool(work and work.begun)
            if goes and work is not None:
                work.on_the_way += 1
                work.begun = True
        if not goes:
            self._hold()
        return before

    @contextmanager
    def process(self, start: Callable[[], _Process], stop: Callable[[_Process], None]) -> Iterator[_Process]:
        """A process for the length of the block. A cancel stops it, and so does a failure inside the block.

        Args:
            start: Starts it.
            stop: Has it end, without waiting for that.

        Raises:
            Dropped: It is a part of work that nobody needs any more.
        """
        self.check()
        ahead = _AHEAD.get() or Ahead()
        with self._lock:
            if ahead.dropped:
                raise Dropped
            process = None if self._cancelled else start()
            if process is not None:
                end = partial(stop, process)  # compared by identity, as the list needs it
                self._processes.append(end)
                ahead.ends.append(end)
        if process is None:
            self._hold()
        try:
            yield process
        except BaseException:
            end()
            raise
        finally:
            with self._lock:
                self._processes.remove(end)
                ahead.ends.remove(end)

    def ahead(self, known: Ahead, work: Callable[[], _Answer]) -> _Answer:
        """Do work that may be dropped meanwhile.

        Raises:
            Dropped: It was, and would have started another process.
        """
        token = _AHEAD.set(known)
        try:
            return work()
        finally:
            _AHEAD.reset(token)

    def drop(self, known: Ahead) -> None:
        """End the processes of work that nobody needs any more, and let it start no other. Does not wait for that."""
        with self._lock:
            known.dropped = True
            ends = tuple(known.ends)
        for end in ends:
            with suppress(OSError):
                end()

    @contextmanager
    def leaves(self, clean: Callable[[], None]) -> Iterator[None]:
        """For the length of the block there is something that must not stay behind; a run that is cancelled cleans it.

        Args:
            clean: Takes it away. At the usual end of the block it is the block's own affair.
        """
        with self._lock:
            self._left.append(clean)
        try:
            yield
        finally:
            with self._lock:
                self._left.remove(clean)

    def clean(self) -> None:
        """Take away what a cancelled run leaves, the latest first."""
        with self._lock:
            left = self._left[::-1]
        token = _CLEANING.set(True)
        for clean in left:
            with suppress(Exception):  # nobody is left to hear of it, and the next thing must be cleaned all the same
                clean()
        _CLEANING.reset(token)

    @property
    def awaited(self) -> tuple[str, ...]:
        """Work with a write on its way: an answer may still come."""
        with self._lock:
            return tuple(work.what for work in self._works if work.on_the_way)

    @property
    def open(self) -> tuple[str, ...]:
        """Work that was begun and of whose end nothing is known: what it makes may be there."""
        with self._lock:
            return tuple(dict.fromkeys(work.what for work in self._works if work.begun))


CANCEL = Cancel()
"""That of this process: a signal comes to all of it."""
