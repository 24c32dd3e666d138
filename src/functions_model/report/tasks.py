"""The tasks that run, and how fast each is. Told from any thread for every block; looked at a few times a second."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.core.progress import Progress

_WINDOW = 8.0
"""Seconds that a rate is measured over: long enough to be calm, short enough to show a transfer that stalls."""

_PACK, _SEND = "pack ", "send "
"""What `image` and `registry` call their parts of the work on one layer."""


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as it is at one moment.

    Attributes:
        name: What it is.
        done: Bytes so far.
        total: Bytes in all; None when nobody knows.
        seconds: Since it began.
        rate: Bytes per second, lately; None while that cannot be said. Over all of its time for a task that has ended.
    """

    name: str
    done: int
    total: int | None
    seconds: float
    rate: float | None

    @property
    def left(self) -> float | None:
        """Seconds to go at this rate; None when nobody knows."""
        if self.total is None or not self.rate:
            return None
        return max(0, self.total - self.done) / self.rate


@dataclass(slots=True)
class _Task:
    started: float
    done: int
    total: int | None
    samples: deque[tuple[float, int]] = field(default_factory=deque)

    def sample(self, now: float) -> None:
        if self.samples and self.done < self.samples[-1][1]:
            self.samples.clear()  # a transfer that began anew
        self.samples.append((now, self.done))
        while len(self.samples) > 2 and now - self.samples[1][0] >= _WINDOW:
            self.samples.popleft()

    @property
    def rate(self) -> float | None:
        (then, before), (now, after) = self.samples[0], self.samples[-1]
        return (after - before) / (now - then) if now > then else None


class Tasks:
    """What runs, by name.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[str, _Task] = {}
        self._ended: list[TaskView] = []

    def take(self, progress: Progress) -> None:
        """Keep what is said; a `core.progress.Report`. Writes nothing, so it costs a microsecond."""
        with self._lock:
            task = self._running.get(progress.task)
            if task is None:
                if progress.finished:
                    return
                now = self._clock()
                task = _Task(now, progress.done, progress.total, deque([(now, progress.done)]))
                self._running[progress.task] = task
            task.done, task.total = progress.done, progress.total
            if progress.finished:
                self._end(progress.task)

    def _end(self, name: str) -> None:
        task = self._running.pop(name)
        if name.startswith(_PACK) and _SEND + name.removeprefix(_PACK) in self._running:
            return  # in one pass: told when it has been sent
        seconds = self._clock() - task.started
        rate = task.done / seconds if seconds > 0 else None
        self._ended.append(TaskView(name, task.done, task.total, seconds, rate))

    def running(self) -> tuple[TaskView, ...]:
        """What runs now, the oldest first. A layer that is packed and sent in one pass is there once."""
        with self._lock:
            now = self._clock()
            for task in self._running.values():
                task.sample(now)
            return tuple(
                TaskView(name, task.done, task.total, now - task.started, task.rate)
                for name, task in self._running.items()
                if not self._is_told_elsewhere(name)
            )

    def _is_told_elsewhere(self, name: str) -> bool:
        """Whether it is half of one pass, and the other half says more: how much there is in all, or is sent."""
        packing = name.startswith(_PACK)
        verb, other = (_PACK, _SEND) if packing else (_SEND, _PACK)
        twin = self._running.get(other + name.removeprefix(verb)) if name.startswith(verb) else None
        if twin is None:
            return False
        unknown = self._running[name].total is None
        return unknown or twin.total is not None if packing else unknown and twin.total is not None

    def take_ended(self) -> tuple[TaskView, ...]:
        """What has ended since this was asked last."""
        with self._lock:
            ended, self._ended = tuple(self._ended), []
            return ended
