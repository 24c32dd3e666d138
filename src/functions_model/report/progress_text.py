"""A task as text: part of a line in a log, or a line of a terminal that is drawn again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tqdm import tqdm  # type: ignore[import-untyped] # it has no types of its own
from tqdm.utils import disp_len, disp_trim  # type: ignore[import-untyped] # the same

from functions_model.report.figures import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_model.report.tasks import TaskView

_NARROW = 64
"""Columns below which a bar would leave no room for the figures."""
_SEVERAL = 4
"""Tasks in one line of a log; more could not be read."""


def log_line(tasks: Sequence[TaskView]) -> str:
    """What runs, as one line: `send model: 312 MB of 1.07 GB (29 %), 52 MB/s, 14 s left; pack code: 2 MB`."""
    shown = [_described(task) for task in tasks[:_SEVERAL]]
    if len(tasks) > _SEVERAL:
        shown.append(f"and {len(tasks) - _SEVERAL} more")
    return "; ".join(shown)


def _described(task: TaskView) -> str:
    facts = [_amount(task), *_speed(task), *_left(task)]
    if not task.total:
        facts.append(f"{seconds(task.seconds)} so far")
    return f"{task.name}: {', '.join(fact for fact in facts if fact)}"


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
