"""Swapping a slot with its app, once and no more, and back."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions_model.azure.site import Site
from functions_model.core.failures import ApplyIncomplete
from functions_model.provision.kind import Writing
from functions_model.provision.kinds import swap as kind
from functions_model.provision.outcome import Written
from functions_model.provision.site import read_app
from functions_model.provision.tags import tags_to_be
from functions_model.provision.undoing import Overtaken
from functions_model.provision.waiting import Patience, WaitedInVain, explained

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from functions_model.azure.clients import AzureClients
    from functions_model.azure.errors import ServiceError
    from functions_model.provision.nouns import Change, ResourcePlan


def swap(
    plan: ResourcePlan,
    change: Change,
    clients: AzureClients,
    *,
    report: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Written:
    """Make the plan's swap.

    Args:
        plan: Names the app and the slot.
        change: The swap.
        clients: Of the subscription.
        report: Takes a line for each reason to wait.
        clock: Seconds.
        sleep: Waits; seconds.

    Raises:
        ApplyIncomplete: Azure refused, or the slot did not come to life in the app's place: then nothing has changed.
    """
    return _swap(plan, change, clients, _tags(plan)[1], report=report, clock=clock, sleep=sleep)


def swap_back(
    plan: ResourcePlan,
    change: Change,
    clients: AzureClients,
    *,
    report: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Written:
    """Take the plan's swap back.

    Raises:
        Overtaken: The app runs another image than the swap brought it; nothing was written.
        ApplyIncomplete: As for `swap`.
    """
    now = read_app(Site(clients, plan.wanted.group, plan.wanted.app_name))
    if now is None or now.runs != f"DOCKER|{plan.wanted.image}":
        raise Overtaken(now.runs.removeprefix("DOCKER|") if now else "")
    return _swap(plan, change, clients, _tags(plan)[0], report=report, clock=clock, sleep=sleep)


def _tags(plan: ResourcePlan) -> tuple[dict[str, str], dict[str, str]]:
    """The app's before and after a swap; none when they are the same."""
    if (app := plan.observed.app) is None or (after := tags_to_be(plan.wanted, app)) == app.tags:
        return {}, {}
    return dict(app.tags), after


def _swap(
    plan: ResourcePlan,
    change: Change,
    clients: AzureClients,
    tags: Mapping[str, str],
    *,
    report: Callable[[str], None],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Written:
    """Swap; tags are not swapped, so that the app gets those of what it runs now."""
    from azure.core.exceptions import AzureError

    started = clock()
    patience = Patience(f"the swap of {change.name}", sleep, report)
    try:
        _Once(Writing(clients, plan.wanted, change, patience), plan).done()
        if tags:
            site: Any = {"tags": dict(tags)}
            app = Site(clients, plan.wanted.group, plan.wanted.app_name)
            patience.through(lambda: app.ask("update", site_envelope=site))
    except (AzureError, WaitedInVain) as exc:
        error = explained(exc, f"swap {change.name}")
        raise ApplyIncomplete(error.action, error.reason, error.remedy) from exc
    return Written(change, clock() - started)


@dataclass(slots=True)
class _Once:
    """A swap that is sent again only while the app is as it was before: made twice, it would be taken back."""

    writing: Writing
    plan: ResourcePlan
    _before: Any = field(default=None, init=False)

    def done(self) -> None:
        """Do it, and look first whether it was done after all when it is not known what came of it."""
        self.writing.patience.through(self._try, passes=_may_be_sent_again)

    def _try(self) -> None:
        state = read_app(Site(self.writing.clients, self.writing.wanted.group, self.writing.wanted.app_name))
        if self._before is not None and state != self._before:
            return
        self._before = state
        kind.write(self.writing, self.plan.observed)


def _may_be_sent_again(error: ServiceError) -> bool:
    """Also after a fault of the service, or a connection that broke off: the client itself sends a swap only once."""
    return error.passes or not error.status or error.status >= 500
