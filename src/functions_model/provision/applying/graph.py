"""Changes as a graph: each is made as soon as what it depends on is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from functions_model.provision.applying.incomplete import NotReached
from functions_model.provision.changes import Change, known_of

Make = Callable[[Change, Callable[[], None]], None]


class Graph:
    """Changes that are being made, from the moment on in which this is.

    Args:
        changes: In an order that puts dependencies first, so that no thread waits for ever.
        make: Makes one. Its second argument tells those who wait for no more that what will be there is known.
        ready: What changes wait for besides one another, by key.
        held: What all changes of a kind wait for besides, by the kind's name.

    Attributes:
        futures: Of each change and of what is known of it, by key; those of `ready` as well.
    """

    def __init__(
        self,
        changes: Sequence[Change],
        make: Make,
        ready: Mapping[str, Future[Any]],
        held: Mapping[str, Future[Any]] | None = None,
    ) -> None:
        self.futures: dict[str, Future[Any]] = dict(ready)
        self._made: dict[Change, Future[None]] = {}
        threads = ThreadPoolExecutor(max_workers=max(1, len(changes)), thread_name_prefix="apply")
        for change in changes:
            waits_for = [self.futures[key] for key in change.depends_on if key in self.futures]
            waits_for += [held[change.kind]] if held and change.kind in held else []
            known = self.futures[known_of(change.key)] = Future()
            made = threads.submit(_after, waits_for, make, change, known)
            self._made[change] = self.futures[change.key] = made
        threads.shutdown(wait=False)

    def outcomes(self) -> dict[Change, BaseException | None]:
        """Wait until all is over; what each change raised."""
        return {change: future.exception() for change, future in self._made.items()}

    def when_failed(self, call: Callable[[], None]) -> None:
        """Have something done as soon as a change fails."""
        for future in self._made.values():
            future.add_done_callback(lambda done: call() if done.exception() else None)


def _after(waits_for: list[Future[Any]], make: Make, change: Change, known: Future[None]) -> None:
    """Make a change once everything it depends on is done.

    Raises:
        NotReached: Something that it depends on failed.
    """
    try:
        _wait(waits_for)
        make(change, partial(_settle, known))
    except BaseException as exc:
        _settle(known, exc)
        raise
    _settle(known)


def _wait(waits_for: list[Future[Any]]) -> None:
    for future in waits_for:
        if (cause := future.exception()) is not None:
            raise NotReached(cause)


def _settle(known: Future[None], exc: BaseException | None = None) -> None:
    """Say that what will be there is known, or why it never will be; what was said first holds."""
    if known.done():
        return
    if exc is None:
        known.set_result(None)
    else:
        known.set_exception(exc)
