"""The tasks that run, how fast each is, and how each reads: in a line of a log, or drawn again on a terminal.

They are told from any thread for every block, and looked at a few times a second.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tqdm import tqdm  # type: ignore[import-untyped] # it has no types of its own
from tqdm.utils import disp_len, disp_trim  # type: ignore[import-untyped] # the same

from functions_model.core.work import Progress
from functions_model.report.formatting import size

_WINDOW = 8.0
"""Seconds that a rate is measured over: long enough to be calm, short enough to show a transfer that stalls."""

_PACK, _SEND = "pack ", "send "
"""What `image` and `registry` call their parts of the work on one layer."""
_NARROW = 64
"""Columns below which a bar would leave no room for the figures."""
_SEVERAL = 4
"""Tasks in one line of a log; more could not be read."""


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
        """Keep what is said; a `core.work.Report`. Writes nothing, so it costs a microsecond."""
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


def log_line(tasks: Sequence[TaskView]) -> str:
    """What runs, as one line: `send model: 312 MB of 1.07 GB (29 %), 52 MB/s, 14 s left; pack code: 2 MB`."""
    shown = [_described(task) for task in tasks[:_SEVERAL]]
    if len(tasks) > _SEVERAL:
        shown.append(f"and {len(tasks) - _SEVERAL} more")
    return "; ".join(shown)


def _described(task: TaskView) -> str:
    facts = [_amount(task), *_speed(task), *_left(task)]
    if not task.total and task.seconds >= 1:
        facts.append(f"{seconds(task.seconds)} so far")
    told = ", ".join(fact for fact in facts if fact)
    return f"{task.name}: {told}" if told else task.name


def ended_line(task: TaskView) -> str:
    """A task that has ended: `send model: 1.07 GB in 21 s, 50.2 MB/s`."""
    if task.total and task.done < task.total:
        return f"{task.name}: ended at {size(task.done)} of {size(task.total)} after {seconds(task.seconds)}"
    if not task.done:
        return f"{task.name}: {seconds(task.seconds)}"
    return ", ".join([f"{task.name}: {size(task.done)} in {seconds(task.seconds)}", *_speed(task)])


def live_line(task: TaskView, columns: int, *, name_width: int = 0, plain: bool = False) -> str:
    """One line of a terminal: name, bar, bytes, rate, time left. On a narrow terminal there is no bar.

    Args:
        task: As it is now.
        columns: How wide the line may be.
        name_width: The name is filled up to it, so that the bars of several lines stand below one another.
        plain: Draw with ASCII characters only.
    """
    if not task.total:
        return fitted(_described(task), columns)
    name = task.name + " " * max(0, name_width - int(disp_len(task.name)))
    wide = columns >= _NARROW
    amounts = f"{size(task.done)} of {size(task.total)}" if wide else ""
    figures = ", ".join(fact for fact in (amounts, *_speed(task), *_left(task)) if fact)
    line = tqdm.format_meter(
        min(task.done, task.total),  # it drops the bar of a task that has done more than all of it
        task.total,
        task.seconds,
        ncols=columns,
        ascii=plain,
        prefix=name,
        bar_format="{desc} {percentage:3.0f} % |{bar}| {figures}" if wide else "{desc} {percentage:3.0f} % {figures}",
        figures=figures,
    )
    return fitted(line, columns)


def fitted(text: str, columns: int) -> str:
    """The text cut to that many columns, wide characters counted as two."""
    return str(disp_trim(text, columns))


def name_width(tasks: Sequence[TaskView], columns: int) -> int:
    """The columns that the names of several lines take."""
    longest = max((int(disp_len(task.name)) for task in tasks), default=0)
    return min(longest, columns // 3)


def seconds(value: float) -> str:
    """Whole seconds: `14 s`, `3 min 5 s`, `1 h 2 min`."""
    whole = math.floor(value)
    if whole < 100:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _amount(task: TaskView) -> str:
    if not task.total:
        return size(task.done) if task.done else ""
    return f"{size(task.done)} of {size(task.total)} ({min(100, 100 * task.done // task.total)} %)"


def _speed(task: TaskView) -> list[str]:
    return [] if task.rate is None or not task.done else [f"{size(round(task.rate))}/s"]


def _left(task: TaskView) -> list[str]:
    return [] if task.left is None else [f"{seconds(math.ceil(task.left))} left"]
