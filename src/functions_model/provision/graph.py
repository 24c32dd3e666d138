"""Changes as a graph: each is made as soon as what it depends on is done."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from functions_model.provision.incomplete import NotReached

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from functions_model.provision.nouns import Change


def run_graph(
    changes: Sequence[Change], make: Callable[[Change], None], ready: Mapping[str, Future[Any]]
) -> dict[Change, BaseException | None]:
    """Run the graph; what each change raised. The plan's order puts dependencies first, so no thread waits for ever."""
    if not changes:
        return {}
    futures: dict[str, Future[Any]] = dict(ready)
    with ThreadPoolExecutor(max_workers=len(changes), thread_name_prefix="apply") as threads:
        for change in changes:
            waits_for = [futures[key] for key in change.depends_on if key in futures]
            futures[change.key] = threads.submit(_after, waits_for, make, change)
    return {change: futures[change.key].exception() for change in changes}


def _after(waits_for: list[Future[Any]], make: Callable[[Change], None], change: Change) -> None:
    """Make a change once everything it depends on is done.

    Raises:
        NotReached: Something that it depends on failed.
    """
    for future in waits_for:
        if (cause := future.exception()) is not None:
            raise NotReached(cause)
    make(change)
