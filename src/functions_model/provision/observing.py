"""Reading what is there: everything that can be asked at once is asked at once, and nothing is written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

from functions_model.azure.errors import explain
from functions_model.core.failures import PlanRefused, Problem
from functions_model.provision import keys
from functions_model.provision.connection_strings import ObservedKeys
from functions_model.provision.context import discard
from functions_model.provision.host import Host, Look
from functions_model.provision.known_kinds import kinds_of
from functions_model.provision.observed import Observed, ObservedGroup
from functions_model.provision.providers import PROVIDERS
from functions_model.provision.unique_names import look_at_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from functions_model.azure.clients import AzureClients
    from functions_model.provision.host import Wanted


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
    return seen


def looks_of(host: Host) -> tuple[Look, ...]:
    """Every look but that at keys, in no order: each says what it needs."""
    return (*(look for kind in kinds_of(host) for look in kind.looks), PROVIDERS, look_at_names(host))


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
        asked = [(look.what, threads.submit(look.read, clients, wanted, seen)) for look in looks]
    for what, answer in asked:
        try:
            seen = seen.having(answer.result())
        except AzureError as exc:
            error = explain(exc, f"read the {what}")
            problems.append(Problem(f"the {what} cannot be read: {error.reason}", error.remedy))
    if problems:
        raise PlanRefused("read the live resources", problems)
    return seen
