"""Resource groups and the registration of resource providers."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import ArmError, invalid
from azure_sandbox.arm.locations import location_name

if TYPE_CHECKING:
    from collections.abc import Callable

_GROUP_NAME = re.compile(r"[-\w._()]{0,89}[-\w_()]")
"""1 to 90 letters, digits, `_`, `-`, `.`, `(`, `)`; no full stop at the end."""


@dataclass(frozen=True, slots=True)
class Group:
    """One resource group."""

    name: str
    location: str
    subscription: str
    tags: dict[str, str] = field(default_factory=dict)
    state: str = "Succeeded"

    @property
    def id(self) -> str:
        """Its ARM id."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.name}"

    def wire(self) -> dict[str, Any]:
        """As ARM shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": self.location,
            "tags": self.tags,
            "properties": {"provisioningState": self.state},
        }


class Groups:
    """All resource groups of the subscription."""

    def __init__(self, subscription: str) -> None:
        self._subscription = subscription
        self._known: dict[str, Group] = {}
        self._lock = threading.Lock()

    def put(self, name: str, location: object, tags: dict[str, str]) -> tuple[Group, bool]:
        """Create or replace; the second value says which.

        Raises:
            ArmError: The name or the location is not allowed, or the location differs from the group's.
        """
        if not _GROUP_NAME.fullmatch(name):
            message = (
                f"The provided resource group name '{name}' has these invalid characters or ends with a full stop."
            )
            raise invalid(message, "InvalidResourceGroupName")
        wanted = Group(name, location_name(location, "Microsoft.Resources/resourceGroups"), self._subscription, tags)
        with self._lock:
            known = self._known.get(name.lower())
            if known and known.location != wanted.location:
                message = (
                    f"Invalid resource group location '{location}'. The Resource group already exists in location "
                    f"'{known.location}'."
                )
                raise ArmError(409, "InvalidResourceGroupLocation", message)
            self._known[name.lower()] = replace(wanted, name=known.name) if known else wanted
            return self._known[name.lower()], known is None

    def change_tags(self, name: str, tags: dict[str, str]) -> Group:
        """PATCH: replace the tags."""
        group = self.get(name)
        with self._lock:
            self._known[name.lower()] = replace(group, tags=tags)
            return self._known[name.lower()]

    def exists(self, name: str) -> bool:
        """Whether it is there."""
        with self._lock:
            return name.lower() in self._known

    def get(self, name: str) -> Group:
        """The group with that name.

        Raises:
            ArmError: ResourceGroupNotFound.
        """
        with self._lock:
            if found := self._known.get(name.lower()):
                return found
        raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")

    def deleting(self, name: str) -> None:
        """Mark it as on its way out."""
        group = self.get(name)
        with self._lock:
            self._known[name.lower()] = replace(group, state="Deleting")

    def remove(self, name: str) -> None:
        """Forget it."""
        with self._lock:
            self._known.pop(name.lower(), None)

    def list(self) -> list[Group]:
        """All of them, in the order in which they were made."""
        with self._lock:
            return list(self._known.values())


NAMESPACES = {
    "Microsoft.Authorization": ("roleAssignments", "roleDefinitions"),
    "Microsoft.ContainerRegistry": ("registries",),
    "Microsoft.Insights": ("components",),
    "Microsoft.MachineLearningServices": ("workspaces",),
    "Microsoft.ManagedIdentity": ("userAssignedIdentities",),
    "Microsoft.OperationalInsights": ("workspaces",),
    "Microsoft.Resources": ("resourceGroups", "subscriptions"),
    "Microsoft.ServiceBus": ("namespaces", "namespaces/queues"),
    "Microsoft.Storage": ("storageAccounts",),
    "Microsoft.Web": ("serverFarms", "sites"),
}
ALWAYS_REGISTERED = frozenset({"microsoft.authorization", "microsoft.resources"})


class Providers:
    """Which resource providers the subscription may use. All, unless `unregister` says otherwise."""

    def __init__(self, seconds: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._unregistered: set[str] = set()
        self._ready_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def unregister(self, namespace: str) -> None:
        """As in a new subscription: nothing of this provider can be created."""
        with self._lock:
            self._unregistered.add(namespace.lower())
            self._ready_at.pop(namespace.lower(), None)

    def register(self, namespace: str) -> str:
        """Begin to register; the state after that.

        Raises:
            ArmError: InvalidResourceNamespace.
        """
        self.spelled(namespace)
        with self._lock:
            if namespace.lower() in self._unregistered:
                self._unregistered.discard(namespace.lower())
                self._ready_at[namespace.lower()] = self._clock() + self._seconds
        return self.state(namespace)

    def state(self, namespace: str) -> str:
        """`NotRegistered`, `Registering` or `Registered`."""
        with self._lock:
            if namespace.lower() in self._unregistered:
                return "NotRegistered"
            waiting = self._ready_at.get(namespace.lower(), 0.0) > self._clock()
        return "Registering" if waiting else "Registered"

    def spelled(self, namespace: str) -> str:
        """The namespace in its own spelling.

        Raises:
            ArmError: InvalidResourceNamespace.
        """
        for known in NAMESPACES:
            if known.lower() == namespace.lower():
                return known
        raise ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
