"""Reading what is there: everything that can be asked at once is asked at once, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import error_code, explain
from functions_model.azure.misread import understanding
from functions_model.azure.refusing import read_or_refused
from functions_model.core.failures import PlanRefused, Problem
from functions_model.provision.context import discard
from functions_model.provision.host import Host, Look, Wanted
from functions_model.provision.kinds import log_analytics_workspace, provider
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.kinds.log_analytics_workspace import ObservedInsights
from functions_model.provision.kinds.provider import ObservedProviders
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.kinds.storage_account import ObservedAccounts, account_in
from functions_model.provision.known_kinds import kinds_of
from functions_model.provision.nouns import NameQuestion, QueueData, place_of
from functions_model.provision.observed import FoundApp, LiveApp, Observed, ObservedGroup
from functions_model.provision.places import NameRefusal, ObservedNames, refusal_of
from functions_model.provision.settings import keys
from functions_model.provision.settings.connection_strings import ObservedKeys
from functions_model.provision.tagging import ObservedTags, observe_tags


@read_or_refused("read the live resources")
def observe(clients: AzureClients, wanted: Wanted, *, mask: Callable[[str], None] = discard) -> Observed:
    """What is there of what is wanted.

    Args:
        clients: Of the subscription.
        wanted: What is looked for.
        mask: Takes each key that had to be read.

    Raises:
        PlanRefused: Something cannot be read; every reason is told.
        LoginFailed: No token could be had.
    """
    seen = Observed(portal=clients.cloud.portal)
    read_keys = partial(keys.observe, mask=mask)
    for looks in rounds((*looks_of(wanted.host), Look("keys", (ObservedKeys,), read_keys, needs=keys.NEEDS))):
        has_place = seen.of(ObservedGroup) is not None or bool(wanted.other_groups)
        seen = _round(clients, wanted, seen, [look for look in looks if has_place or ObservedGroup not in look.needs])
    return _round(clients, wanted, seen, [Look("tags", (ObservedTags,), observe_tags)]) if wanted.target.tags else seen


def looks_of(host: Host) -> tuple[Look, ...]:
    """Every look but that at keys, in no order: each says what it needs."""
    return (*(look for kind in kinds_of(host) for look in kind.looks), look_at_providers(host), look_at_names(host))


def rounds(looks: Iterable[Look]) -> Iterator[list[Look]]:
    """The looks that can be done at the same time, and those that need what these give, and so on."""
    rest, known = list(looks), set[type]()
    while rest:
        now = [look for look in rest if known.issuperset(look.needs)]
        if not now:
            message = f"what these need is never known: {', '.join(look.what for look in rest)}"
            raise LookupError(message)
        yield now
        rest = [look for look in rest if look not in now]
        known.update(noun for look in now for noun in look.gives)


def _round(clients: AzureClients, wanted: Wanted, seen: Observed, looks: Sequence[Look]) -> Observed:
    problems: list[Problem] = []
    with ThreadPoolExecutor(max_workers=len(looks) or 1, thread_name_prefix="observe") as threads:
        asked = [(look.what, threads.submit(understanding(look.read), clients, wanted, seen)) for look in looks]
    for what, answer in asked:
        try:
            seen = seen.having(answer.result())
        except AzureError as exc:
            error = explain(exc, f"read the {what}")
            problems.append(Problem(f"the {what} cannot be read: {error.reason}", error.remedy, error.subject))
    if problems:
        raise PlanRefused("read the live resources", problems)
    return seen


def needed_providers(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedProviders:
    """Those that are not registered, of those that something new needs, and their regions. Nothing new, none."""
    component = seen.of(ObservedInsights)
    needed = tuple(
        namespace
        for namespace, is_there in (
            (provider.IDENTITY, seen.of(ObservedIdentity) or wanted.by_keys),
            (provider.STORAGE, all(account_in(seen, name) for name in wanted.storage_accounts)),
            (provider.SERVICE_BUS, seen.of(ObservedNamespace) or not isinstance(wanted.data, QueueData)),
            (wanted.host.type.partition("/")[0], wanted.host.is_there(seen)),
            (provider.INSIGHTS, component or wanted.insights is None),
            (provider.OPERATIONAL_INSIGHTS, component or not log_analytics_workspace.may_be_made(wanted)),
        )
        if not is_there
    )
    with ThreadPoolExecutor(max_workers=4) as threads:
        found = list(threads.map(lambda namespace: provider.read(clients, namespace), needed))
    unregistered = (name for name, one in zip(needed, found, strict=True) if not provider.is_registered(one))
    regions = (region for one in found for region in provider.regions_of(one))
    unread = (name for name, one in zip(needed, found, strict=True) if one is None)
    return ObservedProviders(tuple(unregistered), frozenset(regions), tuple(unread))


def look_at_providers(host: Host) -> Look:
    """The look that asks, once it is known what is there."""
    needs = (ObservedIdentity, ObservedAccounts, ObservedNamespace, LiveApp, ObservedInsights)
    foundations = (noun for kind in host.foundations for noun in kind.looks[0].gives)
    return Look("resource providers", (ObservedProviders,), needed_providers, needs=(*needs, *foundations))


def look_at_names(host: Host) -> Look:
    """The look that asks, once it is known what is there."""
    needs = {noun: None for kind in kinds_of(host) if kind.asks_names for look in kind.looks for noun in look.gives}
    return Look("names that must be unique in all of Azure", (ObservedNames,), free_names, needs=(FoundApp, *needs))


def free_names(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedNames:
    """What the services say of the name of each thing that is new; one more request for each that is taken."""
    asked = tuple(one for kind in kinds_of(wanted.host) for one in kind.unique_names(clients, wanted, seen))
    with ThreadPoolExecutor(max_workers=len(asked) or 1) as threads:
        answers = list(threads.map(_answer, asked))
    refusals: dict[str, NameRefusal | None] = {}
    unknown = []
    for question, answer in zip(asked, answers, strict=True):
        if answer is None:
            unknown.append(f"{question.kind} `{question.name}`")
        else:
            refusals[place_of(question.type, question.name)] = _refusal(clients, wanted, question, answer)
    return ObservedNames(refusals, tuple(unknown))


def _answer(question: NameQuestion) -> Any:
    """The service's answer; None when this login may not ask, or when the service does not know the subscription yet.

    A login whose rights end at the group may ask no provider. A provider that is not registered answers 404
    SubscriptionNotFound (https://github.com/hashicorp/terraform-provider-azurerm/issues/24104). The write will tell.
    """
    try:
        return question.ask()
    except HttpResponseError as exc:
        if exc.status_code in {403, 404} or error_code(exc) == "MissingSubscriptionRegistration":
            return None
        raise


def _refusal(clients: AzureClients, wanted: Wanted, question: NameQuestion, answer: Any) -> NameRefusal | None:
    if answer.name_available:
        return None
    said = str(answer.message or answer.reason or "somebody else has this name")
    refusal = refusal_of(clients, question.type, question.name, said)
    return replace(refusal, is_new=(refusal.group or "").lower() == wanted.names.group.lower())
