"""The swap: the slot's version goes to the app, and the app's to the slot, while both keep answering."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from azure.core.exceptions import AzureError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import ServiceError
from functions_model.azure.finishing import finished
from functions_model.core.cancel import CANCEL
from functions_model.core.failures import ApplyIncomplete, NotLive, Problem
from functions_model.core.names import MOVE, Names
from functions_model.hosting.app_service import app as function_app
from functions_model.hosting.app_service import slot
from functions_model.hosting.app_service.app_changes import linux_fx_version, pull_change, pull_fields
from functions_model.hosting.app_service.commands import AppServiceCommands
from functions_model.hosting.app_service.exchange import Exchange
from functions_model.hosting.app_service.nouns import ObservedApp
from functions_model.hosting.app_service.registry_login import registry_settings
from functions_model.hosting.app_service.site import SiteWriting
from functions_model.provision.changes import Action, Change, FieldChange, Written
from functions_model.provision.context import ALONE, Patience, RunContext, WaitedInVain, explained
from functions_model.provision.host import Kind, ResourcePlan, Wanted, Writing
from functions_model.provision.kinds import identity
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.observed import Observed
from functions_model.provision.settings.keys import complete
from functions_model.provision.tags import tags_to_be

KIND = MOVE


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """An app that the swap would leave without a way to its image; the others are the slot's."""
    return pull_problems(wanted, observed) if function_app.swaps(wanted, observed) else ()


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """One swap, when the app has another version than the one that is wanted."""
    app = observed.of(ObservedApp)
    if app is None or not function_app.swaps(wanted, observed):
        return ()
    image = FieldChange("image", app.image or None, wanted.image)
    fields = (image, *pull_change(wanted, observed))
    name = f"{wanted.names.app}/{wanted.names.candidate} with {wanted.names.app}"
    return (Change(KIND, name, Action.UPDATE, fields, "once the slot is verified", (slot.key(wanted),)),)


def write(writing: Writing, observed: Observed) -> None:  # noqa: ARG001
    """Swap, and wait until it is done. Done twice, all is as before: so nobody but `swapping` may send it again."""
    wanted = writing.wanted
    body: Any = {"targetSlot": "production", "preserveVnet": True}
    poller = writing.clients.web.web_apps.begin_swap_slot(
        wanted.names.group, wanted.names.app, wanted.names.candidate, body, retry_total=0
    )
    finished(poller)


SWAP_OF_SLOT = Kind(KIND, difference, write, problems=problems)


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
        Overtaken: Somebody else has deployed to app or slot since, and theirs is there.
        ApplyIncomplete: Azure refused, or the slot did not come to life in the app's place: then nothing has changed.
    """
    started = context.clock()
    writing = _writing(plan, change, clients, context)
    with _told(change):
        exchange = Exchange(
            writing, _ran_before(plan), linux_fx_version(plan.wanted), partial(write, writing, plan.observed)
        )
        exchange.check()
        with CANCEL.work(f"how the function app `{plan.wanted.names.app}` pulls its image"):
            let_the_app_pull(writing, plan.observed)
        _swap(exchange, _tags(plan)[1])
    return Written(change, context.clock() - started)


def swap_back(
    plan: ResourcePlan,
    change: Change,
    clients: AzureClients,
    context: RunContext = ALONE,
) -> Written:
    """Take the plan's swap back.

    Raises:
        Overtaken: App or slot runs another image than the swap has left there; nothing was written.
        ApplyIncomplete: As for `swap`.
    """
    started = context.clock()
    writing = _writing(plan, change, clients, context)
    with _told(change):
        exchange = Exchange(
            writing, linux_fx_version(plan.wanted), _ran_before(plan), partial(write, writing, plan.observed)
        )
        _swap(exchange, _tags(plan)[0])
    return Written(change, context.clock() - started)


def _writing(plan: ResourcePlan, change: Change, clients: AzureClients, context: RunContext) -> SiteWriting:
    patience = Patience(f"the swap of {change.name}", context.sleep, context.report)
    return SiteWriting(clients, plan.wanted, change, patience, context.mask)


def _ran_before(plan: ResourcePlan) -> str:
    app = plan.observed.of(ObservedApp)
    return app.runs if app else ""


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


def _swap(exchange: Exchange, tags: Mapping[str, str]) -> None:
    """Swap; tags are not swapped, so that the app gets those of what it runs now."""
    writing = exchange.writing
    with CANCEL.work(writing.patience.what):
        writing.patience.through(exchange.once, passes=_may_be_sent_again)
        exchange.check_after()
        if tags:
            writing.patience.through(lambda: writing.site.update({"tags": dict(tags)}))


def _may_be_sent_again(error: ServiceError) -> bool:
    """Also after a fault of the service, or a connection that broke off: the client itself sends a swap only once."""
    return error.passes or not error.status or error.status >= 500


def pull_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """The app's present image is in another registry: whoever pulls the new one could not pull that."""
    app = observed.of(ObservedApp)
    if app is None or not pull_change(wanted, observed):
        return ()
    registry = app.image.partition("/")[0]
    if registry.lower() == wanted.registry.login_server.lower():
        return ()
    what = (
        f"`{wanted.names.app}` runs an image of `{registry}`, and pulls it in a different way than this image: "
        "a swap does not move that, so one of the two could not start"
    )
    return (Problem(what, "Deploy once without `slot-name` and `swap`; later versions can be swapped.", "swap"),)


def let_the_app_pull(writing: SiteWriting, observed: Observed) -> None:
    """Tell the app who pulls; with a password, it gets that first. Each of these writes restarts the app."""
    wanted = writing.wanted
    if not pull_change(wanted, observed):
        return
    if wanted.by_keys:
        _give_password(writing, observed)
    who = observed.of(ObservedIdentity) or identity.observe(writing.clients, wanted, observed)
    writing.patience.through(partial(writing.site.update_configuration, pull_fields(who)))


def _give_password(writing: SiteWriting, observed: Observed) -> None:
    known = complete(writing.clients, writing.wanted, observed, mask=writing.mask)
    login = {name: value for name, value in registry_settings(writing.wanted, known).items() if value is not None}
    settings = {**writing.site.list_application_settings(), **login}
    writing.patience.through(partial(writing.site.update_application_settings, settings))


def refused_swap(names: Names, unproven: str) -> NotLive:
    """A version that nobody saw running `init()` must not take the place of one that works.

    Args:
        names: The slot of its app.
        unproven: Why it could not be seen, a clause.
    """
    swap = AppServiceCommands().moves(names)
    return NotLive(
        f"swap the slot `{names.candidate}` with the function app `{names.app}`",
        f"`init()` could not be seen to run in the slot: {unproven}",
        f"Run this on a runner that the slot lets in, or look at the slot yourself and swap: {swap}",
    )
