"""Many questions to Resource Manager at once, before something is removed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, ResourceNotFoundError

from functions_model.azure.errors import explain
from functions_model.core.failures import PlanRefused, Problem
from functions_model.provision.known_kinds import kinds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from functions_model.azure.clients import AzureClients
    from functions_model.core.removal import RemovalSpec
    from functions_model.provision.host import Host, Kind


def ask(questions: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """The answers, by what is asked for.

    Raises:
        PlanRefused: One could not be had; every reason is told.
    """
    problems, answers = [], {}
    with ThreadPoolExecutor(max_workers=max(1, len(questions)), thread_name_prefix="survey") as threads:
        asked = {what: threads.submit(question) for what, question in questions.items()}
    for what, answer in asked.items():
        try:
            answers[what] = answer.result()
        except AzureError as exc:
            error = explain(exc, f"read the {what}")
            problems.append(Problem(f"the {what} cannot be read: {error.reason}", error.remedy))
    if problems:
        raise PlanRefused("read the live resources", problems)
    return answers


def removable(host: Host) -> tuple[Kind, ...]:
    """The kinds that a removal looks for, in the order in which they are shown."""
    kinds = [(kind.removal.turn, kind) for kind in kinds_of(host) if kind.removal]
    return tuple(kind for _, kind in sorted(kinds, key=itemgetter(0)))


def named(spec: RemovalSpec, host: Host) -> Iterator[tuple[Kind, str]]:
    """Each resource that the deployment can have in the group."""
    return ((kind, name) for kind in removable(host) if kind.removal for name in kind.removal.names(spec) if name)


def read_or_none(kind: Kind, clients: AzureClients, group: str, name: str) -> Any:
    """A resource that can be removed, or None."""
    try:
        return kind.removal.read(clients, group, name) if kind.removal else None
    except ResourceNotFoundError:
        return None
