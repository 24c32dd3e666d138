"""Locks of resources: who may write, or delete, nothing at and below a scope, whatever role one holds.

https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources: `ReadOnly` forbids POST, too, so
that keys and settings cannot be listed. Deleting a group needs each of its locks gone.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from azure_sandbox.arm.errors import ArmError
from azure_sandbox.arm.ids import covers

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest


class Level(enum.StrEnum):
    """What a lock forbids."""

    READ_ONLY = "ReadOnly"
    CAN_NOT_DELETE = "CanNotDelete"


class Locks:
    """All locks, by scope."""

    def __init__(self) -> None:
        self._known: dict[str, Level] = {}

    def put(self, scope: str, level: Level) -> None:
        """Lock a subscription, a group or a resource."""
        self._known[scope] = level

    def clear(self) -> None:
        """Remove all locks."""
        self._known.clear()

    def check(self, request: ArmRequest) -> ArmRequest:
        """The request, if no lock forbids it.

        Raises:
            ArmError: ScopeLocked.
        """
        if request.method in {"GET", "HEAD"}:
            return request
        deletes = request.method == "DELETE"
        locked = [
            scope
            for scope, level in self._known.items()
            if (deletes or level is Level.READ_ONLY)
            and (covers(scope, request.path) or (deletes and covers(request.path, scope)))
        ]
        if not locked:
            return request
        message = (
            f"The scope '{request.path}' cannot perform {'delete' if deletes else 'write'} operation because following "
            f"scope(s) are locked: '{', '.join(locked)}'. Please remove the lock and try again."
        )
        raise ArmError(409, "ScopeLocked", message)
