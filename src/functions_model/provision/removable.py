"""What a removal finds, and how it treats it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from functions_model.azure.clients import AzureClients
from functions_model.provision.changes import key_of
from functions_model.provision.context import Patience


@dataclass(frozen=True, slots=True)
class Standing:
    """A resource that is there.

    Attributes:
        kind: As plans call it.
        name: Unique within its kind.
        id: The ARM id.
        ours: It carries our tag; of a role assignment, that it is one of our identity.
    """

    kind: str
    name: str
    id: str
    ours: bool


@dataclass(frozen=True, slots=True)
class RolesHeld:
    """The role assignments of an identity that goes. Resource Manager would keep them.

    Attributes:
        removable: Those that can be removed, wherever they are.
        staying: Why others stay, by what plans call them.
    """

    removable: tuple[Standing, ...] = ()
    staying: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """What waits for their end."""
        return tuple(key_of(one.kind, one.name) for one in self.removable)


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is to be deleted.

    Attributes:
        group: The resource group.
        name: The resource's name, as plans have it.
        patience: For a deletion that must wait for something.
    """

    clients: AzureClients
    group: str
    name: str
    patience: Patience


@dataclass(frozen=True, slots=True)
class Removal:
    """How a removal treats a kind of resource.

    Attributes:
        turn: When its turn comes, as a place in the order in which kinds are shown and, as far as may be, go.
        read: Gives the resource by group and name.
        delete: Deletes it, and waits until it is gone.
        holds_data: It goes with `destroy-data: true` only.
        used_by_roles: Deployments hold roles on it: the roles show who else uses it.
    """

    turn: int
    read: Callable[[AzureClients, str, str], Any]
    delete: Callable[[Deletion], None]
    holds_data: bool = False
    used_by_roles: bool = False
