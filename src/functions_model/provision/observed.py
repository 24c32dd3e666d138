"""What is there: one noun per kind of resource, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.provision.nouns import Role


@dataclass(frozen=True, slots=True)
class ObservedGroup:
    """A live resource group."""

    location: str


@dataclass(frozen=True, slots=True)
class ObservedPlan:
    """A live plan."""

    id: str
    location: str
    sku: str
    tier: str
    is_linux: bool


@dataclass(frozen=True, slots=True)
class ObservedStorage:
    """A live storage account; an endpoint that it lacks is empty."""

    id: str
    blob: str
    queue: str
    table: str


@dataclass(frozen=True, slots=True)
class ObservedIdentity:
    """A live user-assigned identity."""

    id: str
    principal_id: str
    client_id: str


@dataclass(frozen=True, slots=True)
class ObservedRoles:
    """The roles, of those wanted, that the identity holds."""

    held: frozenset[Role]


@dataclass(frozen=True, slots=True)
class ObservedApp:
    """A live function app.

    Attributes:
        kind: `functionapp,linux,container`.
        identity_type: `UserAssigned`, `SystemAssigned, UserAssigned`, `SystemAssigned` or empty.
        identity_ids: ARM ids of its user-assigned identities.
        runs: linuxFxVersion: `DOCKER|...`.
        pull_identity: Client id of the identity that pulls the image; empty when it is not pulled by one.
        settings: Every app setting. The values are secrets.
    """

    id: str
    kind: str
    plan_id: str
    host_name: str
    identity_type: str
    identity_ids: tuple[str, ...]
    runs: str
    pull_identity: str
    settings: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ObservedProviders:
    """Resource providers that are not registered in the subscription, of those that will be needed."""

    unregistered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObservedName:
    """Why the storage account's name cannot be had; empty when it can."""

    refusal: str


Piece: TypeAlias = (
    ObservedGroup
    | ObservedPlan
    | ObservedStorage
    | ObservedIdentity
    | ObservedRoles
    | ObservedApp
    | ObservedProviders
    | ObservedName
)

_PLACES: dict[type, str] = {
    ObservedGroup: "group",
    ObservedPlan: "plan",
    ObservedStorage: "storage",
    ObservedIdentity: "identity",
    ObservedRoles: "roles",
    ObservedApp: "app",
    ObservedProviders: "providers",
    ObservedName: "storage_name",
}


@dataclass(frozen=True, slots=True)
class Observed:
    """What is there. None means that it is not.

    Attributes:
        portal: https URL of the cloud's portal; empty when it has none.
    """

    group: ObservedGroup | None = None
    plan: ObservedPlan | None = None
    storage: ObservedStorage | None = None
    identity: ObservedIdentity | None = None
    app: ObservedApp | None = None
    roles: ObservedRoles = ObservedRoles(frozenset())
    providers: ObservedProviders = ObservedProviders(())
    storage_name: ObservedName = ObservedName("")
    portal: str = ""

    def having(self, piece: Piece | None) -> Observed:
        """The same, with one more piece known."""
        if piece is None:
            return self
        known: dict[str, Any] = {_PLACES[type(piece)]: piece}
        return replace(self, **known)
