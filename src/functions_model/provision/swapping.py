"""Swapping a slot with its app, once and no more, and back."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from functions_model.azure.site import Site
from functions_model.core.cancel import CANCEL
from functions_model.core.failures import ApplyIncomplete
from functions_model.provision.changes import Written
from functions_model.provision.context import ALONE
from functions_model.provision.kind import Writing
from functions_model.provision.kinds import swap as kind
from functions_model.provision.observed_app import ObservedApp
from functions_model.provision.pulling import let_the_app_pull
from functions_model.provision.site import read_app
from functions_model.provision.tags import tags_to_be
from functions_model.provision.undoing import Overtaken
from functions_model.provision.waiting import Patience, WaitedInVain, explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from functions_model.azure.clients import AzureClients
    from functions_model.azure.errors import ServiceError
    from functions_model.provision.changes import Change
    from functions_model.provision.context import RunContext
    from functions_model.provision.resource_plan import ResourcePlan


def swap(
    plan: ResourcePlan,
    change: Change,
    clients: AzureClients,
    context: RunContext = ALONE,
) -> Written:
    """Make the plan's swap.

    Args:
        plan: Names the app and the slot.
        change: The swap.
        clients: Of the subscription.
        context: What the run lends.

    Raises:
        ApplyIncomplete: Azure refused, or the slot did not come to life in the app's place: then nothing has changed.
    """
    started = context.clock()
    writing = _writing(plan, change, clients, context)
    with _told(change):
        with CANCEL.work(f"how the function app `{plan.wanted.names.app}` pulls its image"):
            let_the_app_pull(writing, plan.observed)
        _swap(writing, plan, _tags(plan)[1])
    return Written(change, context.clock() - started)


def swap_back(
    plan: ResourcePlan,
    change: Change,
    clients: AzureClients,
    context: RunContext = ALONE,
) -> Written:
    """Take the plan's swap back.

    Raises:
        Overtaken: The app runs another image than the swap brought it; nothing was written.
        ApplyIncomplete: As for `swap`.
    """
    now = read_app(Site(clients, plan.wanted.names.at()))
    if now is None or now.runs != f"DOCKER|{plan.wanted.image}":
        raise Overtaken(now.runs.removeprefix("DOCKER|") if now else "")
    started = context.clock()
    writing = _writing(plan, change, clients, context)
    with _told(change):
        _swap(writing, plan, _tags(plan)[0])
    return Written(change, context.clock() - started)


def _writing(plan: ResourcePlan, change: Change, clients: AzureClients, context: RunContext) -> Writing:
    patience = Patience(f"the swap of {change.name}", context.sleep, context.report)
    return Writing(clients, plan.wanted, change, patience, context.mask)


def _tags(plan: ResourcePlan) -> tuple[dict[str, str], dict[str, str]]:
    """The app's before and after a swap; none when they are the same."""
    if (app := plan.observed.of(ObservedApp)) is None or (after := tags_to_be(plan.wanted, app)) == app.tags:
        return {}, {}
    return dict(app.tags), after


@contextmanager
def _told(change: Change) -> Iterator[None]:
    """What Azure refused, as a failure of the swap."""
    try:
        yield
    except (AzureError, WaitedInVain) as exc:
        error = explained(exc, f"swap {change.name}")
        raise ApplyIncomplete(error.action, error.reason, error.remedy) from exc


def _swap(writing: Writing, plan: ResourcePlan, tags: Mapping[str, str]) -> None:
    """Swap; tags are not swapped, so that the app gets those of what it runs now."""
    with CANCEL.work(writing.patience.what):
        _Once(writing, plan).done()
        if tags:
            writing.patience.through(lambda: writing.site.update({"tags": dict(tags)}))


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
        state = read_app(self.writing.site)
        if self._before is not None and state != self._before:
            return
        self._before = state
        kind.write(self.writing, self.plan.observed)


def _may_be_sent_again(error: ServiceError) -> bool:
    """Also after a fault of the service, or a connection that broke off: the client itself sends a swap only once."""
    return error.passes or not error.status or error.status >= 500
