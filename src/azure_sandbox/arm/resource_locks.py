"""Locks of resources: who may write, or delete, nothing at and below a scope, whatever role one holds.

https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources: `ReadOnly` forbids POST, too, so
that keys and settings cannot be listed. Deleting a group needs each of its locks gone.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import ArmError
from azure_sandbox.arm.ids import covers
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import ArmRoute

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest

_TYPE = "Microsoft.Authorization/locks"
_COLLECTION = f"{{scope}}/providers/{_TYPE}"


class Level(enum.StrEnum):
    """What a lock forbids."""

    READ_ONLY = "ReadOnly"
    CAN_NOT_DELETE = "CanNotDelete"


class Locks:
    """All locks, by scope and name."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Level] = {}

    def put(self, scope: str, level: Level, name: str = "lock") -> None:
        """Lock a subscription, a group or a resource."""
        self._known[scope, name] = level

    def clear(self) -> None:
        """Remove all locks."""
        self._known.clear()

    def check(self, request: ArmRequest) -> ArmRequest:
        """The request, if no lock forbids it.

        Raises:
            ArmError: ScopeLocked.
        """
        if request.method in {"GET", "HEAD"} or f"/providers/{_TYPE.lower()}/" in request.path.lower():
            return request
        deletes = request.method == "DELETE"
        locked = [
            scope
            for (scope, _), level in self._known.items()
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

    def routes(self) -> list[ArmRoute]:
        """Where they are listed, read and removed."""
        one = f"{_COLLECTION}/{{name}}"
        return [
            ArmRoute("GET", _COLLECTION, self._list),
            ArmRoute("GET", one, self._get),
            ArmRoute("PUT", one, self._put),
            ArmRoute("DELETE", one, self._delete),
        ]

    def _list(self, request: ArmRequest) -> ArmResponse:
        """Those that count at the scope, and those below it."""
        at = request.values["scope"]
        around = [key for key in self._known if covers(key[0], at) or covers(at, key[0])]
        return listing([self._wire(*key) for key in around])

    def _get(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._wire(*self._found(request)))

    def _put(self, request: ArmRequest) -> ArmResponse:
        scope = request.values["scope"].rstrip("/")
        self.put(scope, Level(request.properties["level"]), request.name)
        return ArmResponse(201, self._wire(scope, request.name))

    def _delete(self, request: ArmRequest) -> ArmResponse:
        self._known.pop(self._found(request))
        return ArmResponse(200)

    def _found(self, request: ArmRequest) -> tuple[str, str]:
        asked = (request.values["scope"].rstrip("/").lower(), request.name.lower())
        for scope, name in self._known:
            if asked == (scope.lower(), name.lower()):
                return scope, name
        raise ArmError(404, "LockNotFound", f"The lock '{request.name}' could not be found.")

    def _wire(self, scope: str, name: str) -> dict[str, Any]:
        place = f"{scope}/providers/{_TYPE}/{name}"
        return {"id": place, "name": name, "type": _TYPE, "properties": {"level": str(self._known[scope, name])}}
