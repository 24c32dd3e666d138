"""Reading what is there: everything that can be asked at once is asked at once, and nothing is written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

from functions_model.azure.errors import explain
from functions_model.core.failures import PlanRefused, Problem
from functions_model.provision import keys, names, plan_room
from functions_model.provision.kinds import (
    application_insights,
    blob_container,
    function_app,
    identity,
    log_analytics_workspace,
    plan,
    provider,
    resource_group,
    role_assignment,
    service_bus_namespace,
    service_bus_queue,
    slot,
    storage_account,
)
from functions_model.provision.observed import Observed

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from functions_model.azure.clients import AzureClients
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Piece

    Read: TypeAlias = Callable[[AzureClients, Wanted, Observed], Piece | None]

_ROUNDS: tuple[tuple[tuple[str, Read], ...], ...] = (
    (("function app, or its resource group", resource_group.observe),),
    (
        (plan.KIND, plan.observe),
        ("storage accounts", storage_account.observe),
        (service_bus_namespace.KIND, service_bus_namespace.observe),
        ("Service Bus queues", service_bus_queue.observe),
        (identity.KIND, identity.observe),
        (application_insights.KIND, application_insights.observe),
        (function_app.KIND, function_app.observe),
        ("deployment slots", slot.observe),
    ),
    (
        ("role assignments", role_assignment.observe),
        ("resource providers", provider.observe),
        ("blob containers", blob_container.observe),
        ("names that must be unique in all of Azure", names.observe),
        ("room for a plan", plan_room.observe),
        (log_analytics_workspace.KIND, log_analytics_workspace.observe),
    ),
)
"""Each round needs what the one before saw. The second is left out when there is no group that anything could be in."""


def _discard(_: str) -> None:
    """Do nothing with it."""


def observe(clients: AzureClients, wanted: Wanted, *, mask: Callable[[str], None] = _discard) -> Observed:
    """What is there of what is wanted.

    Args:
        clients: Of the subscription.
        wanted: What is looked for.
        mask: Takes each key that had to be read.

    Raises:
        PlanRefused: Something cannot be read; every reason is told.
        LoginFailed: No token could be had.
    """
    seen = _round(clients, wanted, Observed(portal=clients.cloud.portal), _ROUNDS[0])
    if seen.group is not None or wanted.elsewhere:
        seen = _round(clients, wanted, seen, _ROUNDS[1])
    read_keys: Read = partial(keys.observe, mask=mask)
    return _round(clients, wanted, seen, (*_ROUNDS[2], ("keys", read_keys)))


def _round(clients: AzureClients, wanted: Wanted, seen: Observed, reads: tuple[tuple[str, Read], ...]) -> Observed:
    problems: list[Problem] = []
    with ThreadPoolExecutor(max_workers=len(reads), thread_name_prefix="observe") as threads:
        asked = [(what, threads.submit(read, clients, wanted, seen)) for what, read in reads]
    for what, answer in asked:
        try:
            seen = seen.having(answer.result())
        except AzureError as exc:
            error = explain(exc, f"read the {what}")
            problems.append(Problem(f"the {what} cannot be read: {error.reason}", error.remedy))
    if problems:
        raise PlanRefused("read the live resources", problems)
    return seen
