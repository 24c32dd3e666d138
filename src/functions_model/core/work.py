"""Long pieces of work: how far each is, and many side by side, of which the first failure ends the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias, TypeVar

from functions_model.core.failures import RegistryFailed

LONGEST = 3600.0
"""Seconds for what ends by itself as a rule: an operation of Azure, a process. A group of resources takes a quarter of
an hour to go, and nothing else that we wait for takes longer."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One piece of work, as it is now.

    Attributes:
        task: What it is, the same each time: "send model", "pack dependencies". Tasks may run side by side.
        done: Bytes so far; less than before when a transfer started again.
        total: Bytes in all; None when nobody knows yet.
        finished: Whether it has ended, well or not.
    """

    task: str
    done: int
    total: int | None = None
    finished: bool = False


Report: TypeAlias = "Callable[[Progress], None]"
"""Takes progress; may be called from several threads, and as often as every block."""


def silent(_: Progress) -> None:
    """For work that nobody watches."""


T = TypeVar("T")


class Stopped(Exception):
    """The whole was ended, so this part of it was given up."""


class Stop:
    """Whether work goes on. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._first: BaseException | None = None
        self._ended = False

    def end(self, error: BaseException | None = None) -> None:
        """Let what is under way end; the error is kept when it is the first, and no `Stopped`."""
        with self._lock:
            self._ended = True
            if self._first is None and not isinstance(error, Stopped):
                self._first = error

    def check(self) -> None:
        """Go on.

        Raises:
            Stopped: The whole was ended.
        """
        if self._ended:
            raise Stopped

    def cause(self, action: str) -> BaseException:
        """What to raise where a part was given up: the failure that came first."""
        what, remedy = "the push was stopped", "See the failure before this one, and run again."
        return self._first or RegistryFailed(action, what, remedy)


def side_by_side(tasks: Iterable[Callable[[], T]], stop: Stop, workers: int) -> tuple[T, ...]:
    """What each task returns, in their order. They begin in their order, too.

    Raises:
        Stopped: The whole was ended from elsewhere.
        BaseException: Of the task that failed first; the others were ended.
    """

    def run(task: Callable[[], T]) -> T:
        try:
            return task()
        except BaseException as error:
            stop.end(error)
            raise

    with ThreadPoolExecutor(workers, "side-by-side") as pool:
        futures = [pool.submit(run, task) for task in tasks]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        except BaseException as error:  # an interrupt ends the transfers too
            stop.end(error)
            raise
        finally:
            pool.shutdown(cancel_futures=any(future.done() and future.exception() for future in futures))
    failed = [future for future in futures if not future.cancelled() and future.exception()]
    for future in sorted(failed, key=lambda future: isinstance(future.exception(), Stopped)):
        future.result()
    return tuple(future.result() for future in futures)
