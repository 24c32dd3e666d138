"""Making it so: the changes run as a graph, each as soon as what it depends on is done."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions_model.provision.incomplete import NotReached, incomplete
from functions_model.provision.kind import Writing
from functions_model.provision.nouns import Action, Applied, Written
from functions_model.provision.planning import KINDS
from functions_model.provision.triggers import PATIENCE, sync_triggers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from functions_model.azure.clients import AzureClients
    from functions_model.provision.nouns import Change, ResourcePlan
    from functions_model.provision.observed import Observed, ObservedApp, Piece

_KINDS = {kind.KIND: kind for kind in KINDS}
_WORTH_TELLING = 0.1
"""Seconds."""
_PAST = {Action.CREATE: "Created", Action.UPDATE: "Updated"}


def _discard(_: str) -> None:
    """Do nothing with it."""


@dataclass(slots=True)
class _Live:
    """What is known to be there, as it grows. Safe to use from many threads."""

    observed: Observed
    written: list[Written] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, piece: Piece | None, written: Written) -> None:
        with self.lock:
            self.observed = self.observed.having(piece)
            self.written.append(written)


def apply(
    plan: ResourcePlan,
    clients: AzureClients,
    *,
    ready: Mapping[str, Future[Any]],
    report: Callable[[str], None] = _discard,
    mask: Callable[[str], None] = _discard,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    patience: float = PATIENCE,
) -> Applied:
    """Make every change of the plan. A plan that only keeps sends no request.

    Args:
        plan: From `plan`.
        clients: Of the subscription.
        ready: Futures that changes wait for besides other changes, by key: `image` is the pushed image.
        report: Takes a line for each change that is done.
        mask: Takes each secret that is made.
        clock: Seconds.
        sleep: Waits; seconds.
        patience: Seconds that the new host has to take the trigger synchronisation before it is left to `verify`.

    Raises:
        ApplyIncomplete: A change could not be made. Those that do not depend on it were made; the detail lists all.
        Failure: What a future of `ready` raised, or a login that no longer holds.
    """
    started = clock()
    changes = [change for change in plan.changes if change.action is not Action.KEEP]
    live = _Live(plan.observed)

    def make(change: Change) -> None:
        begun = clock()
        writing = Writing(clients, plan.wanted, change, sleep, mask)
        piece = _KINDS[change.kind].write(writing, live.observed)
        written = Written(change, clock() - begun)
        live.add(piece, written)
        report(f"{_PAST[change.action]} {change}{_time(written.seconds)}.")

    outcomes = _run(changes, make, ready)
    if any(outcomes.values()):
        raise incomplete(outcomes)
    synced = not _app_changed(changes) or sync_triggers(
        clients, plan.wanted, clock=clock, sleep=sleep, patience=patience
    )
    kept = tuple(change for change in plan.changes if change.action is Action.KEEP)
    return Applied(tuple(live.written), kept, synced, clock() - started, _updated_app(plan, live.observed))


def _time(seconds: float) -> str:
    """Nothing for what was answered at once: `0.0 s` would look like a mistake."""
    return f" ({seconds:.1f} s)" if seconds >= _WORTH_TELLING else ""


def _updated_app(plan: ResourcePlan, live: Observed) -> ObservedApp | None:
    """The app after its update; None when there was none before, or none of it was written."""
    return live.app if plan.observed.app is not None and live.app is not plan.observed.app else None


def _app_changed(changes: list[Change]) -> bool:
    return any(change.kind == "function app" for change in changes)


def _run(
    changes: list[Change], make: Callable[[Change], None], ready: Mapping[str, Future[Any]]
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
