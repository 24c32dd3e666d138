"""Role assignments that an identity left behind: Resource Manager keeps them when the identity is deleted.

An assignment names a principal, and the identity that is made again under the same name is another one. So ours say in
their description which identity they were made for (https://learn.microsoft.com/azure/role-based-access-control/troubleshooting).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import HttpResponseError

from functions_model.azure.clients import AzureClients
from functions_model.provision.nouns import Role

_MADE_BY = "Made by functions-model-action for "


@dataclass(frozen=True, slots=True)
class FormerAssignment:
    """A role assignment of ours whose identity is gone: another one has its name now, or none.

    Attributes:
        id: The ARM id.
        principal_id: The principal that was.
    """

    id: str
    principal_id: str


def description_of(identity_id: str) -> str:
    """What our role assignments for an identity say of themselves."""
    return f"{_MADE_BY}{identity_id}"


def maker_of(description: str) -> str:
    """The ARM id of the identity that an assignment of ours was made for; empty for one that is not ours."""
    return description.removeprefix(_MADE_BY) if description.startswith(_MADE_BY) else ""


def find_former(clients: AzureClients, missing: Sequence[Role], identity_id: str) -> dict[Role, FormerAssignment]:
    """What is left of an identity of that name, of roles that the present one does not hold.

    Args:
        clients: Of the subscription.
        missing: The roles; their scopes are there. None missing, nothing asked.
        identity_id: The identity's ARM id, whether it is there or not.
    """
    scopes = list(dict.fromkeys(role.scope for role in missing))
    with ThreadPoolExecutor(max_workers=max(1, len(scopes))) as threads:
        left = dict(zip(scopes, threads.map(lambda scope: _left(clients, scope, identity_id), scopes), strict=True))
    return {role: left[role.scope][role.definition] for role in missing if role.definition in left[role.scope]}


def _left(clients: AzureClients, scope: str, identity_id: str) -> dict[str, FormerAssignment]:
    """By role definition. A login that may not ask this cannot remove them either: to it, there are none.

    A container of an account that is there may not be.
    """
    try:
        found = list(clients.authorization.role_assignments.list_for_scope(scope=scope.lstrip("/"), filter="atScope()"))
    except HttpResponseError as exc:
        if exc.status_code in {403, 404}:
            return {}
        raise
    return dict(_named(found, scope, description_of(identity_id).lower()))


def _named(found: Iterable[Any], scope: str, description: str) -> Iterable[tuple[str, FormerAssignment]]:
    for one in found:
        is_ours = str(one.description or "").lower() == description
        if is_ours and str(one.scope or "").lower().rstrip("/") == scope.lower().rstrip("/"):
            definition = str(one.role_definition_id).rpartition("/")[2].lower()
            yield definition, FormerAssignment(str(one.id), str(one.principal_id))
