"""Names that must be unique in all of Azure: whether those of what is to be made are free."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import HttpResponseError

from functions_model.azure.errors import error_code
from functions_model.provision.host import Look
from functions_model.provision.known_kinds import kinds_of
from functions_model.provision.nouns import place_of
from functions_model.provision.observed import FoundApp
from functions_model.provision.other_groups import ObservedNames, refusal_of

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.provision.host import Host, Wanted
    from functions_model.provision.nouns import NameQuestion
    from functions_model.provision.observed import Observed
    from functions_model.provision.other_groups import NameRefusal


def look_at_names(host: Host) -> Look:
    """The look that asks, once it is known what is there."""
    needs = {noun: None for kind in kinds_of(host) if kind.asks_names for look in kind.looks for noun in look.gives}
    return Look("names that must be unique in all of Azure", (ObservedNames,), observe, needs=(FoundApp, *needs))


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedNames:
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
            refusals[place_of(question.type, question.name)] = _refusal(clients, question, answer)
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


def _refusal(clients: AzureClients, question: NameQuestion, answer: Any) -> NameRefusal | None:
    if answer.name_available:
        return None
    said = str(answer.message or answer.reason or "it is taken")
    return refusal_of(clients, question.type, question.name, said)
