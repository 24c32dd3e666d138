"""Versioned assets of a workspace: models and environments, as Azure ML shows them."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.machine_learning.errors import asset_not_found

if TYPE_CHECKING:
    from collections.abc import Callable

_TICK = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class AssetVersion:
    """One version.

    Attributes:
        name: Of the asset.
        version: Any text; a number when nobody chose it.
        created: When it was registered; no two of an asset are equal.
        properties: What belongs to its kind alone: `modelUri`, `condaFile`.
        archived: Whether it was taken out of use.
    """

    name: str
    version: str
    created: dt.datetime
    properties: dict[str, Any]
    archived: bool = False

    def wire(self, workspace_id: str, collection: str) -> dict[str, Any]:
        """As ARM shows it; `collection` is `models` or `environments`."""
        stamp = self.created.isoformat()
        common: dict[str, Any] = {
            "description": None,
            "tags": {},
            "properties": {},
            "isArchived": self.archived,
            "isAnonymous": False,
        }
        return {
            "id": f"{workspace_id}/{collection}/{self.name}/versions/{self.version}",
            "name": self.version,
            "type": f"Microsoft.MachineLearningServices/workspaces/{collection}/versions",
            "properties": {**common, **self.properties, "provisioningState": "Succeeded"},
            "systemData": {"createdAt": stamp, "createdByType": "Application", "lastModifiedAt": stamp},
        }


class Assets:
    """The models, or the environments, of one workspace, by their exact names. Safe for threads.

    Args:
        kind: `model`, for messages.
        now: The time.
    """

    def __init__(self, kind: str, now: Callable[[], dt.datetime]) -> None:
        self.kind = kind
        self._now = now
        self._known: dict[str, dict[str, AssetVersion]] = {}
        self._lock = threading.Lock()

    def add(
        self, name: str, version: str | None, properties: dict[str, Any], *, archived: bool = False
    ) -> AssetVersion:
        """Register a version: the next number when none is given.

        Raises:
            ValueError: That version is there: versions do not change.
        """
        with self._lock:
            versions = self._known.setdefault(name, {})
            wanted = version or _next_number(versions)
            if wanted in versions:
                message = f"the {self.kind} {name} has a version {wanted}"
                raise ValueError(message)
            newest = max((one.created for one in versions.values()), default=None)
            created = max(self._now(), newest + _TICK) if newest else self._now()
            versions[wanted] = AssetVersion(name, wanted, created, properties, archived)
            return versions[wanted]

    def get(self, name: str, version: str) -> AssetVersion:
        """That version.

        Raises:
            ArmError: There is none.
        """
        with self._lock:
            found = self._known.get(name, {}).get(version)
        if found is None:
            raise asset_not_found(self.kind, name, version)
        return found

    def versions(self, name: str) -> list[AssetVersion]:
        """All versions, the newest first.

        Raises:
            ArmError: There is no asset of that name.
        """
        with self._lock:
            found = list(self._known.get(name, {}).values())
        if not found:
            raise asset_not_found(self.kind, name)
        return sorted(found, key=lambda one: one.created, reverse=True)

    def names(self) -> list[str]:
        """In the order in which they were first registered."""
        with self._lock:
            return list(self._known)

    def container(self, name: str, workspace_id: str, collection: str) -> dict[str, Any]:
        """The asset over all versions, as ARM shows it.

        Raises:
            ArmError: There is no asset of that name.
        """
        versions = self.versions(name)
        shown: dict[str, Any] = {
            "description": None,
            "tags": {},
            "properties": {},
            "isArchived": all(one.archived for one in versions),
            "latestVersion": versions[0].version,
            "nextVersion": _next_number({one.version: one for one in versions}),
            "provisioningState": "Succeeded",
        }
        return {
            "id": f"{workspace_id}/{collection}/{name}",
            "name": name,
            "type": f"Microsoft.MachineLearningServices/workspaces/{collection}",
            "properties": shown,
        }


def _next_number(versions: dict[str, AssetVersion]) -> str:
    numbers = (int(version) for version in versions if version.isdecimal())
    return str(max(itertools.chain([0], numbers)) + 1)
