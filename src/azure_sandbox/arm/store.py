"""Every resource that there is, by id. In memory, safe for threads, in any case of letters."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import resource_not_found
from azure_sandbox.arm.ids import covers

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.arm.ids import ResourceId


@dataclass(slots=True)
class Resource:
    """One resource as ARM shows it.

    Attributes:
        id: Its id, spelled as when it was made.
        location: A region's name (or display name, where the service answers with that).
        tags: The user's tags.
        extra: The other members on the wire: `properties`, `sku`, `kind`, `identity`.
    """

    id: ResourceId
    location: str
    tags: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def properties(self) -> dict[str, Any]:
        """The `properties` member, to read and to change."""
        properties: dict[str, Any] = self.extra.setdefault("properties", {})
        return properties

    def wire(self) -> dict[str, Any]:
        """A copy for an answer."""
        head = {"id": str(self.id), "name": self.id.name, "type": self.id.resource_type}
        return copy.deepcopy({**head, "location": self.location, "tags": self.tags, **self.extra})


class Store:
    """All resources. `lock` makes several steps one."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._resources: dict[str, Resource] = {}
        self._removers: dict[str, Callable[[Resource], None]] = {}

    def on_remove(self, resource_type: str, remover: Callable[[Resource], None]) -> None:
        """Call this whenever a resource of that type goes, with its group or alone."""
        self._removers[resource_type.lower()] = remover

    def put(self, resource: Resource) -> Resource:
        """Keep it, in place of the one with its id."""
        with self.lock:
            self._resources[str(resource.id).lower()] = resource
        return resource

    def find(self, resource_id: ResourceId | str) -> Resource | None:
        """The resource with that id."""
        with self.lock:
            return self._resources.get(str(resource_id).rstrip("/").lower())

    def get(self, resource_id: ResourceId) -> Resource:
        """The resource with that id.

        Raises:
            ArmError: ResourceNotFound.
        """
        found = self.find(resource_id)
        if found is None:
            raise resource_not_found(resource_id.resource_type, "/".join(resource_id.names), resource_id.group)
        return found

    def remove(self, resource_id: ResourceId) -> bool:
        """Remove it and what lies below it; False when it was not there."""
        with self.lock:
            key = str(resource_id).lower()
            gone = [self._resources.pop(found) for found in list(self._resources) if f"{found}/".startswith(f"{key}/")]
        for resource in gone:
            self._gone(resource)
        return bool(gone)

    def remove_group(self, group_id: str) -> None:
        """Remove everything in a resource group."""
        for resource in self.list(within=group_id):
            self.remove(resource.id)

    def list(self, *, resource_type: str | None = None, group: str | None = None, within: str = "") -> list[Resource]:
        """All of them, in the order in which they were made.

        Args:
            resource_type: Only those of this type.
            group: Only those in a resource group of this name, in whatever subscription.
            within: Only those in the subscription or resource group with this id.
        """
        with self.lock:
            found = list(self._resources.values())
        if resource_type is not None:
            found = [one for one in found if one.id.resource_type.lower() == resource_type.lower()]
        if group is not None:
            found = [one for one in found if one.id.group.lower() == group.lower()]
        return [one for one in found if covers(within, str(one.id))]

    def _gone(self, resource: Resource) -> None:
        remover = self._removers.get(resource.id.resource_type.lower())
        if remover:
            remover(resource)
