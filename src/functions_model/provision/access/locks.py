"""Locks that keep a deployment from writing, or a removal from removing: which there are, before anything is written.

https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources: `ReadOnly` forbids writes and
whatever is a POST, `CanNotDelete` forbids deleting; each holds for all below its scope, whatever role one has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from azure.core.exceptions import HttpResponseError

from functions_model.azure import api_versions
from functions_model.azure.clients import AzureClients
from functions_model.azure.misread import understood
from functions_model.provision.kinds import generic

_LOCKS = "/providers/Microsoft.Authorization/locks"


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock.

    Attributes:
        id: Its ARM id.
        level: `ReadOnly` or `CanNotDelete`.
    """

    id: str
    level: str

    @property
    def scope(self) -> str:
        """ARM id of what is locked, with all below it."""
        return self.id[: self.id.lower().rindex(_LOCKS.lower())]

    @property
    def forbids_writing(self) -> bool:
        """Whether nothing below its scope can be written."""
        return self.level.lower() == "readonly"

    def holds_for(self, resource_id: str) -> bool:
        """Whether a resource is what is locked, or below it."""
        return f"{resource_id}/".lower().startswith(f"{self.scope}/".lower())


def locks_on(clients: AzureClients, group_id: str, resource_ids: Iterable[str]) -> tuple[Lock, ...]:
    """The locks that hold for a group or for resources, wherever they are set.

    A login whose rights end at the group is told those of the group alone.

    Args:
        clients: Of the subscription.
        group_id: ARM id of the app's resource group.
        resource_ids: ARM ids.

    Raises:
        AzureError: They cannot be read.
    """
    try:
        found = _read(clients, f"/subscriptions/{clients.subscription_id}")
    except HttpResponseError as exc:
        if exc.status_code != 403:
            raise
        found = _read(clients, group_id)
    meant = (group_id, *resource_ids)
    return tuple(lock for lock in found if any(lock.holds_for(one) for one in meant))


def _read(clients: AzureClients, scope: str) -> list[Lock]:
    with understood():
        told = generic.listed(clients, f"{scope}{_LOCKS}", api_versions.LOCKS)
        return [Lock(str(one["id"]), str(one["properties"]["level"])) for one in told]
