"""Making it so: the changes run as a graph, each as soon as what it depends on is done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from functions_model.azure.clients import AzureClients
from functions_model.core.cancel import CANCEL
from functions_model.provision.applying.graph import Graph
from functions_model.provision.applying.incomplete import incomplete, told
from functions_model.provision.applying.outcome import Applied
from functions_model.provision.changes import Action, Change, Written
from functions_model.provision.context import ALONE, Patience, RunContext
from functions_model.provision.host import Kind, ResourcePlan, Writing
from functions_model.provision.kinds import provider
from functions_model.provision.known_kinds import kinds_of
from functions_model.provision.observed import FoundApp, LiveApp, Observed, Piece
from functions_model.provision.tagging import own_part, write_tags


def _nothing() -> None:
    """Do nothing."""


@dataclass(slots=True)
class _Live:
    """What is known to be there, as it grows. Safe to use from many threads."""

    observed: Observed
    written: list[Written] = field(default_factory=list)
    host_name: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def know(self, piece: Piece) -> None:
        with self.lock:
            self.observed = self.observed.having(piece)

    def add(self, piece: Piece | None, written: Written) -> None:
        with self.lock:
            if isinstance(piece, FoundApp) and not isinstance(piece, LiveApp):
                # For what follows in this run the app is still new.
                self.host_name = piece.host_name
            else:
                self.observed = self.observed.having(piece)
            self.written.append(written)


@dataclass(frozen=True, slots=True)
class BegunAhead:
    """What is being made while the image is.

    Attributes:
        live: What is known to be there.
        graph: The changes under way.
    """

    live: _Live
    graph: Graph

    def finish(self) -> tuple[Written, ...]:
        """Wait for its end.

        Returns:
            The changes, in the order in which they were done.

        Raises:
            ApplyIncomplete: A change could not be made. Those that do not depend on it were; the detail lists all.
            Failure: A login that no longer holds.
        """
        _check(self.graph.outcomes())
        return tuple(self.live.written)


def begin_ahead(
    plan: ResourcePlan,
    clients: AzureClients,
    context: RunContext = ALONE,
    *,
    checked: Future[None] | None = None,
    failed: Callable[[], None] = _nothing,
) -> BegunAhead:
    """Begin to make every change that need not wait for the image. The plan may have an image that is not known yet.

    Args:
        plan: From `plan`.
        clients: Of the subscription.
        context: What the run lends.
        checked: What the kinds that await the checks wait for besides; None lets them begin at once.
        failed: Is called as soon as a change could not be made.

    Returns:
        What is under way, for `apply`.
    """
    live = _Live(plan.observed)
    waiting = [kind.name for kind in kinds_of(plan.wanted.host) if kind.awaits_checks]
    held = dict.fromkeys(waiting, checked) if checked else {}
    graph = Graph(plan.ahead, _Maker(plan, clients, live, context).make, {}, held)
    graph.when_failed(failed)
    return BegunAhead(live, graph)


def apply(
    plan: ResourcePlan,
    clients: AzureClients,
    context: RunContext = ALONE,
    *,
    ready: Mapping[str, Future[Any]],
    ahead: BegunAhead | None = None,
) -> Applied:
    """Make every change of the plan. A plan that only keeps sends no request.

    Args:
        plan: From `plan`.
        clients: Of the subscription.
        context: What the run lends.
        ready: Futures that changes wait for besides other changes, by key: `image` is the pushed image.
        ahead: What `begin_ahead` has begun of this plan.

    Raises:
        ApplyIncomplete: A change could not be made. Those that do not depend on it were made; the detail lists all.
        Failure: What a future of `ready` raised, or a login that no longer holds.
    """
    started = context.clock()
    live = ahead.live if ahead else _Live(plan.observed)
    begun = ahead.graph.futures if ahead else {}
    changes = [change for change in plan.now if change.key not in begun]
    maker = _Maker(plan, clients, live, context)
    graph = Graph(changes, maker.make, {**begun, **ready})
    _check({**(ahead.graph.outcomes() if ahead else {}), **graph.outcomes()})
    kept = tuple(change for change in plan.changes if change.action is Action.KEEP)
    return Applied(
        tuple(live.written), kept, context.clock() - started, _updated_app(plan, live.observed), live.host_name
    )


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes one change at a time. Safe to use from many threads."""

    plan: ResourcePlan
    clients: AzureClients
    live: _Live
    context: RunContext

    def make(self, change: Change, known: Callable[[], None]) -> None:
        context = self.context
        begun = context.clock()
        patience = Patience(str(change), context.sleep, context.report, self._register)
        writing = Writing(self.clients, self.plan.wanted, change, patience, context.mask, partial(self._know, known))
        kind = next(kind for kind in kinds_of(self.plan.wanted.host) if kind.name == change.kind)
        own = own_part(change, kind, self.plan)
        with CANCEL.work(str(change)):
            # Tags first: a policy that asks for them judges the other write, too.
            patience.through(lambda: write_tags(writing, own))
            piece = self._write(kind, replace(writing, change=own)) if own else None
            done = Written(change, context.clock() - begun)
            self.live.add(piece, done)
            context.written(done)
        context.report(told(done))

    def _write(self, kind: Kind, writing: Writing) -> Piece | None:
        return writing.patience.through(lambda: kind.write(writing, self.live.observed))

    def _know(self, known: Callable[[], None], piece: Piece) -> None:
        self.live.know(piece)
        known()

    def _register(self, patience: Patience, namespace: str) -> None:
        with CANCEL.work(f"the registration of {namespace}"):
            provider.register(self.clients, namespace, patience)


def _check(outcomes: Mapping[Change, BaseException | None]) -> None:
    """See whether every change was made.

    Raises:
        ApplyIncomplete: As for `apply`.
    """
    if any(outcomes.values()):
        raise incomplete(outcomes)


def _updated_app(plan: ResourcePlan, live: Observed) -> LiveApp | None:
    """The app after its update; None when there was none before, or none of it was written."""
    before, after = plan.observed.of(LiveApp), live.of(LiveApp)
    return None if before is None or after is before else after
