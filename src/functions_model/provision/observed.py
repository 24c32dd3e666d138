"""What is there: one noun per kind of resource, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from functions_model.provision.belongings import NONE, Belongings
from functions_model.provision.network import OPEN, Network
from functions_model.provision.nouns import place_of
from functions_model.provision.observed_app import ObservedApp, ObservedSite
from functions_model.provision.observed_insights import ObservedInsights, ObservedLogs
from functions_model.provision.observed_keys import NO_KEYS, ObservedKeys
from functions_model.provision.observed_service_bus import (
    NO_QUEUES,
    ObservedNamespace,
    ObservedQueues,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.core.failures import Problem
    from functions_model.provision.nouns import Role
    from functions_model.provision.other_groups import NameRefusal


@dataclass(frozen=True, slots=True)
class ObservedGroup:
    """A resource group that is there, wherever it is: resources of other regions can live in it."""


@dataclass(frozen=True, slots=True)
class ObservedPlan:
    """A live plan.

    Attributes:
        capacity: Its instances; with Elastic Premium, those that are always there.
        maximum: The most instances that Elastic Premium adds up to; 1 with other tiers, where it means nothing.
    """

    id: str
    location: str
    sku: str
    tier: str
    is_linux: bool
    capacity: int = 1
    maximum: int = 1


@dataclass(frozen=True, slots=True)
class ObservedPlanRoom:
    """Why Azure would not make the plan; None when it would, or when that is not known."""

    refusal: Problem | None


@dataclass(frozen=True, slots=True)
class ObservedStorage:
    """A live storage account; an endpoint that it lacks is empty.

    Attributes:
        takes_keys: Its keys open it.
        is_ours: This tool made it.
        state: `Succeeded`, `Creating` and the like; empty when it is not said.
        location: Its region, as the service spells it; empty when it is not said.
        network: Who is let in.
    """

    id: str
    blob: str
    queue: str
    table: str
    file: str = ""
    takes_keys: bool = True
    is_ours: bool = False
    state: str = ""
    location: str = ""
    network: Network = OPEN


@dataclass(frozen=True, slots=True)
class ObservedAccounts:
    """Live storage accounts, by name."""

    by_name: Mapping[str, ObservedStorage]

    def over(self, earlier: ObservedAccounts) -> ObservedAccounts:
        """These and those that were known before."""
        return ObservedAccounts({**earlier.by_name, **self.by_name})


@dataclass(frozen=True, slots=True)
class ObservedContainers:
    """The blob containers, of those wanted, that are there, by name."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class ObservedIdentity:
    """A live user-assigned identity."""

    id: str
    principal_id: str
    client_id: str


@dataclass(frozen=True, slots=True)
class FormerAssignment:
    """A role assignment of ours whose identity is gone: another one has its name now, or none.

    Attributes:
        id: The ARM id.
        principal_id: The principal that was.
    """

    id: str
    principal_id: str


@dataclass(frozen=True, slots=True)
class ObservedRoles:
    """The roles, of those wanted, that the identity holds.

    Attributes:
        held: At the scope or above it.
        former: What an identity that is gone has left behind, of those that are not held.
    """

    held: frozenset[Role]
    former: Mapping[Role, FormerAssignment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObservedSlot:
    """The deployment slot of a live function app.

    Attributes:
        app: The slot; None when it is not there.
        others: Names of the app's other slots, production left out.
        sticky: Names of the settings that belong to a slot and are not swapped.
        sticky_others: The same of connection strings, and of mounts.
        of_app: The app's connection strings and mounts.
        own: The slot's.
    """

    app: ObservedApp | None
    others: tuple[str, ...] = ()
    sticky: tuple[str, ...] = ()
    sticky_others: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    of_app: Belongings = NONE
    own: Belongings = NONE


@dataclass(frozen=True, slots=True)
class ObservedProviders:
    """Resource providers, of those that will be needed.

    Attributes:
        unregistered: Those that are not registered in the subscription.
        regions: Where one of them makes something, as `same_region` spells it; empty when that is not known.
    """

    unregistered: tuple[str, ...]
    regions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ObservedNames:
    """Names that must be unique in all of Azure, of what is to be made.

    Attributes:
        refusals: Why one cannot be had, by type and name (`place_of`); None for one that can.
        unknown: Those that nobody could say anything of: `function app iris`.
    """

    refusals: Mapping[str, NameRefusal | None] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def refusal(self, resource_type: str, name: str) -> NameRefusal | None:
        """Why the name cannot be had; None when it can, or when it was not asked for."""
        return self.refusals.get(place_of(resource_type, name))


Piece: TypeAlias = (
    ObservedGroup
    | ObservedPlan
    | ObservedPlanRoom
    | ObservedAccounts
    | ObservedContainers
    | ObservedNamespace
    | ObservedQueues
    | ObservedIdentity
    | ObservedRoles
    | ObservedSite
    | ObservedApp
    | ObservedSlot
    | ObservedProviders
    | ObservedNames
    | ObservedKeys
    | ObservedInsights
    | ObservedLogs
)

_PLACES: dict[type, str] = {
    ObservedGroup: "group",
    ObservedPlan: "plan",
    ObservedPlanRoom: "plan_room",
    ObservedAccounts: "accounts",
    ObservedContainers: "containers",
    ObservedNamespace: "namespace",
    ObservedQueues: "queues",
    ObservedIdentity: "identity",
    ObservedRoles: "roles",
    ObservedSite: "site",
    ObservedApp: "app",
    ObservedSlot: "slot",
    ObservedProviders: "providers",
    ObservedNames: "names",
    ObservedKeys: "keys",
    ObservedInsights: "insights",
    ObservedLogs: "logs",
}


@dataclass(frozen=True, slots=True)
class Observed:
    """What is there. None means that it is not.

    Attributes:
        site: Of the app, known before the rest of it.
        portal: https URL of the cloud's portal; empty when it has none.
    """

    group: ObservedGroup | None = None
    plan: ObservedPlan | None = None
    identity: ObservedIdentity | None = None
    site: ObservedSite | None = None
    app: ObservedApp | None = None
    slot: ObservedSlot | None = None
    roles: ObservedRoles = ObservedRoles(frozenset())
    providers: ObservedProviders = ObservedProviders(())
    accounts: ObservedAccounts = ObservedAccounts({})
    names: ObservedNames = ObservedNames()
    containers: ObservedContainers = ObservedContainers(frozenset())
    namespace: ObservedNamespace | None = None
    queues: ObservedQueues = NO_QUEUES
    plan_room: ObservedPlanRoom = ObservedPlanRoom(None)
    keys: ObservedKeys = NO_KEYS
    insights: ObservedInsights | None = None
    logs: ObservedLogs | None = None
    portal: str = ""

    def having(self, piece: Piece | None) -> Observed:
        """The same, with one more piece known."""
        if piece is None:
            return self
        if isinstance(piece, ObservedAccounts):
            piece = piece.over(self.accounts)
        if isinstance(piece, ObservedKeys):
            piece = piece.over(self.keys)
        known: dict[str, Any] = {_PLACES[type(piece)]: piece}
        if isinstance(piece, ObservedSite):
            known["group"] = ObservedGroup()
        return replace(self, **known)

    @property
    def live_settings(self) -> Mapping[str, str]:
        """The app's settings as they are; none without an app. The values are secrets."""
        return self.app.settings if self.app else {}

    def account(self, name: str) -> ObservedStorage | None:
        """The storage account of that name."""
        return self.accounts.by_name.get(name)
