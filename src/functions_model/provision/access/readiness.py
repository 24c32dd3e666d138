"""Whether a blob or queue trigger can work, by what Resource Manager says after a deployment.

What the run has just made is known. What was there before it is read again: somebody may have taken it away meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from azure.core.exceptions import AzureError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import explain
from functions_model.azure.misread import understanding
from functions_model.core.failures import Problem
from functions_model.provision.access.networks import shut_out, unsure
from functions_model.provision.changes import Action, Change
from functions_model.provision.host import Kind, ResourcePlan
from functions_model.provision.kinds.blob_container import BLOB_CONTAINER
from functions_model.provision.kinds.role_assignment import ROLE_ASSIGNMENT
from functions_model.provision.kinds.service_bus_namespace import SERVICE_BUS_NAMESPACE
from functions_model.provision.kinds.service_bus_queue import SERVICE_BUS_QUEUE
from functions_model.provision.kinds.storage_account import STORAGE_ACCOUNT
from functions_model.provision.nouns import BlobData
from functions_model.provision.observed import Observed

_BLOB: tuple[Kind, ...] = (STORAGE_ACCOUNT, BLOB_CONTAINER, ROLE_ASSIGNMENT)
_QUEUE: tuple[Kind, ...] = (SERVICE_BUS_NAMESPACE, SERVICE_BUS_QUEUE, ROLE_ASSIGNMENT)
_NEW = {Action.CREATE, Action.REPLACE}


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was found.

    Attributes:
        problems: Why the trigger cannot work.
        unseen: What could not be looked at, clauses.
    """

    problems: tuple[Problem, ...] = ()
    unseen: tuple[str, ...] = ()


def readiness(plan: ResourcePlan, clients: AzureClients) -> Readiness:
    """Look at what the trigger needs: only what there was before the plan was applied takes a request.

    Args:
        plan: It was applied, and has a blob or queue trigger.
        clients: Of the subscription.

    Raises:
        LoginFailed: The login holds no longer.
    """
    there = {change.key: change for change in plan.changes if change.action not in _NEW}
    asked = [kind for kind in _kinds(plan) if any(change.kind == kind.name for change in there.values())]
    now, unseen = _read(asked, plan, clients)
    gone = [
        change
        for kind in asked
        for change in kind.difference(plan.wanted, now)
        if change.key in there and change.action in _NEW
    ]
    problems = (
        *_gone(gone),
        *(problem for kind in asked for problem in kind.problems(plan.wanted, now)),
        *shut_out(plan.wanted, now),
    )
    return Readiness(problems, (*unseen, *unsure(plan.wanted, now)))


def _kinds(plan: ResourcePlan) -> tuple[Kind, ...]:
    """What the trigger needs; with keys in the settings, no roles."""
    needed = _BLOB if isinstance(plan.wanted.data, BlobData) else _QUEUE
    return tuple(kind for kind in needed if not (plan.wanted.by_keys and kind is ROLE_ASSIGNMENT))


def _read(asked: list[Kind], plan: ResourcePlan, clients: AzureClients) -> tuple[Observed, tuple[str, ...]]:
    """What is there now, and what could not be read of it: of that, what there was."""
    with ThreadPoolExecutor(max_workers=len(asked) or 1, thread_name_prefix="ready") as threads:
        answers = [
            (kind.name, threads.submit(understanding(look.read), clients, plan.wanted, plan.observed))
            for kind in asked
            for look in kind.looks
        ]
    now, unseen = plan.observed, []
    for kind, answer in answers:
        try:
            now = now.having(answer.result())
        except AzureError as exc:
            unseen.append(f"the {kind}s ({explain(exc, f'read the {kind}s').reason})")
    return now, tuple(unseen)


def _gone(changes: list[Change]) -> Iterator[Problem]:
    """What was there, and would have to be made again. A role goes with what it is held on, which is told alone."""
    keys = {change.key for change in changes}
    again = "Somebody deleted it during this run. Run again: missing resources are created."
    for change in changes:
        if change.kind != ROLE_ASSIGNMENT.name:
            yield Problem(f"{change} no longer exists", again)
        elif not keys.intersection(change.depends_on):
            yield Problem(f"the app's identity no longer has {change.name}", again)
