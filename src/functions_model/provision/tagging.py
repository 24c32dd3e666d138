"""The user's own tags on what this tool has made: looked at, planned and written in one way for all kinds.

What is created gets them in its first write. What is there and ours is merged with them by Resource Manager itself
(`Microsoft.Resources/tags`), so that nobody else's tags are lost; what is only used keeps those that it has. Without
the input `tags` nothing is asked and nothing written: https://learn.microsoft.com/rest/api/resources/tags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.azure.finishing import finished
from functions_model.core.failures import Problem
from functions_model.core.tags import MOST_TAGS, merged, value_in
from functions_model.provision.changes import Action, Change, FieldChange
from functions_model.provision.host import Kind, ResourcePlan, Wanted, Writing
from functions_model.provision.kinds import resource_group
from functions_model.provision.known_kinds import kinds_of
from functions_model.provision.observed import Observed, Piece
from functions_model.provision.tags import is_ours

_REASON = "tags differ from what the inputs say"
_THERE = {Action.KEEP, Action.UPDATE}


@dataclass(frozen=True, slots=True)
class ObservedTags(Piece):
    """The tags of what is there and ours, by ARM id in lower case."""

    by_id: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def takes_tags(kind: Kind) -> bool:
    """Whether its resources have tags: what is removed by itself has, and the group."""
    return kind.removal is not None or kind.name == resource_group.KIND


def observe_tags(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedTags | None:
    """The tags of what this tool has made in the app's group; None when the user has none to give.

    Args:
        clients: Of the subscription.
        wanted: Names the resources.
        seen: All else that is there.

    Raises:
        AzureError: They cannot be read.
    """
    ids = list(_ids(wanted, seen)) if wanted.target.tags else []
    if not ids:
        return None
    with ThreadPoolExecutor(max_workers=len(ids), thread_name_prefix="tags") as threads:
        found = list(threads.map(lambda resource_id: _read(clients, resource_id), ids))
    return ObservedTags({one.lower(): tags for one, tags in zip(ids, found, strict=True) if is_ours(tags)})


def _ids(wanted: Wanted, seen: Observed) -> Iterator[str]:
    """What is there, if nothing is wrong with it: else the plan will be refused."""
    kinds = [kind for kind in kinds_of(wanted.host) if takes_tags(kind)]
    if any(kind.problems(wanted, seen) for kind in kinds):
        return
    group = f"{wanted.names.group_id}/".lower()
    for kind in kinds:
        for change in kind.difference(wanted, seen):
            if change.action in _THERE and f"{change.resource_id}/".lower().startswith(group):
                yield change.resource_id


def _read(clients: AzureClients, resource_id: str) -> Mapping[str, str]:
    try:
        found = clients.resource.tags.get_at_scope(scope=resource_id.lstrip("/"))
    except ResourceNotFoundError:
        return {}
    return (found.properties and found.properties.tags) or {}


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """Resources that would have more tags than Azure takes."""
    full = {
        one: number
        for one, tags in observed.all_of(ObservedTags).by_id.items()
        if (number := len(merged(tags, wanted.target.tags))) > MOST_TAGS
    }
    remedy = f"Azure takes {MOST_TAGS}: give fewer, or remove tags of the resource."
    return tuple(Problem(f"`{one}` would have {number} tags", remedy, "tags") for one, number in full.items())


def with_tags(change: Change, kind: Kind, wanted: Wanted, observed: Observed) -> Change:
    """The change with the user's tags: of what is created all of them, of what is there and ours those that differ."""
    if not wanted.target.tags or not takes_tags(kind):
        return change
    live: Mapping[str, str] | None = {}
    if change.action in _THERE:
        live = observed.all_of(ObservedTags).by_id.get(change.resource_id.lower())
    if live is None:
        return change
    told = {one.name for one in change.fields}
    fresh = tuple(one for one in _differing(wanted.target.tags, live) if one.name not in told)
    if not fresh:
        return change
    if change.action is Action.KEEP:
        return replace(change, action=Action.UPDATE, fields=fresh, reason=_REASON)
    return replace(change, fields=(*change.fields, *fresh))


def _differing(asked: Mapping[str, str], live: Mapping[str, str]) -> Iterator[FieldChange]:
    for name, value in asked.items():
        before = value_in(live, name)
        if before != value:
            yield FieldChange(f"tag `{name}`", before, value)


def own_part(change: Change, kind: Kind, plan: ResourcePlan) -> Change | None:
    """A change as its kind asks for it; None where the user's tags are all of it."""
    if change.action is not Action.UPDATE or not plan.wanted.target.tags or not takes_tags(kind):
        return change
    asked = {one.key: one for one in kind.difference(plan.wanted, plan.observed)}
    own = asked.get(change.key, change)
    return None if own.action is Action.KEEP else own


def write_tags(writing: Writing, own: Change | None) -> None:
    """Merge the user's tags into those of what is there, where the kind's own write does not.

    Args:
        writing: Names the whole change.
        own: What its kind writes of it.
    """
    if writing.change.action is not Action.UPDATE or (own is not None and own.fields == writing.change.fields):
        return
    body: Any = {"operation": "Merge", "properties": {"tags": writing.wanted.target.tags}}
    scope = writing.change.resource_id.lstrip("/")
    finished(writing.clients.resource.tags.begin_update_at_scope(scope=scope, parameters=body))
