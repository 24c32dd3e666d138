"""Names that must be unique in all of Azure: whether those of what is to be made are free."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import HttpResponseError

from functions_model.azure.errors import error_code
from functions_model.provision.kind import Look
from functions_model.provision.kinds import function_app, service_bus_namespace, slot, storage_account
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.kinds.storage_account import ObservedAccounts, account_in
from functions_model.provision.nouns import QueueData, place_of
from functions_model.provision.observed_app import ObservedSite, ObservedSlot
from functions_model.provision.other_groups import ObservedNames, refusal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions_model.azure.clients import AzureClients
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed
    from functions_model.provision.other_groups import NameRefusal


@dataclass(frozen=True, slots=True)
class _Question:
    """Whether a name is free.

    Attributes:
        kind: What is called so, for people.
        type: The same in Resource Manager.
        name: The name.
        ask: Asks the service.
    """

    kind: str
    type: str
    name: str
    ask: Callable[[], Any]


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedNames:
    """What the services say of the name of each thing that is new; one more request for each that is taken."""
    asked = tuple(_questions(clients, wanted, seen))
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


def _questions(clients: AzureClients, wanted: Wanted, seen: Observed) -> Iterator[_Question]:
    beside = seen.of(ObservedSlot)

    def on(question: _Question, there: object) -> Iterator[_Question]:
        if there is None and not wanted.is_in_other_group(question.type, question.name):
            yield question

    for name in wanted.storage_accounts:
        yield from on(_account(clients, name), account_in(seen, name))
    if isinstance(wanted.data, QueueData):
        yield from on(_namespace(clients, wanted.data.namespace), seen.of(ObservedNamespace))
    yield from on(_site(clients, function_app.KIND, function_app.TYPE, wanted.names.app), seen.of(ObservedSite))
    if function_app.through_slot(wanted, seen):
        host = f"{wanted.names.app}-{wanted.names.slot}"
        yield from on(_site(clients, slot.KIND, slot.TYPE, host), beside and beside.app)


def _account(clients: AzureClients, name: str) -> _Question:
    body: Any = {"name": name, "type": storage_account.TYPE}
    accounts = clients.storage.storage_accounts
    return _Question(
        storage_account.KIND,
        storage_account.TYPE,
        name,
        lambda: accounts.check_name_availability(account_name=body),
    )


def _namespace(clients: AzureClients, name: str) -> _Question:
    kind, body = service_bus_namespace, {"name": name}
    namespaces: Any = clients.service_bus.namespaces
    return _Question(kind.KIND, kind.TYPE, name, lambda: namespaces.check_name_availability(parameters=body))


def _site(clients: AzureClients, kind: str, resource_type: str, name: str) -> _Question:
    """An app, or a slot, whose host is that of a site `<app>-<slot>`.

    hashicorp/terraform-provider-azurerm, internal/services/appservice/linux_function_app_resource.go:416 and
    linux_function_app_slot_resource.go:411.
    """
    body: Any = {"name": name, "type": function_app.TYPE}
    return _Question(kind, resource_type, name, lambda: clients.web.check_name_availability(body))


def _answer(question: _Question) -> Any:
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


def _refusal(clients: AzureClients, question: _Question, answer: Any) -> NameRefusal | None:
    if answer.name_available:
        return None
    said = str(answer.message or answer.reason or "it is taken")
    return refusal_of(clients, question.type, question.name, said)


NAMES = Look(
    "names that must be unique in all of Azure",
    (ObservedNames,),
    observe,
    needs=(ObservedSite, ObservedSlot, ObservedAccounts, ObservedNamespace),
)
