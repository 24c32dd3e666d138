"""Hosts, kinds of resources, and what is wanted of them: nouns that name one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from functions_model.azure.clients import AzureClients
from functions_model.core.failures import Problem
from functions_model.core.names import Names, Resources
from functions_model.core.secrets import Secret
from functions_model.core.spec import Access, RemovalSpec, Target
from functions_model.provision.changes import Change, ChangeSet, FieldChange
from functions_model.provision.context import Patience, discard
from functions_model.provision.network import Origin
from functions_model.provision.nouns import (
    BlobData,
    Insights,
    NameQuestion,
    QueueData,
    RegistryResource,
    Role,
    place_of,
)
from functions_model.provision.observed import FoundApp, Observed, ObservedGroup, Piece
from functions_model.provision.removable import Removal, RolesHeld, Standing


@dataclass(frozen=True, slots=True)
class Wanted:
    """The resources of one deployment, by name: its target, and what follows from it.

    Attributes:
        image: Pinned by digest: `registry/repository@sha256:...`.
        roles: What the identity must hold, in a stable order.
        tags: Given to what is created. What exists keeps its tags: only what we made may be known as ours.
        data: What the trigger works on; None with an HTTP trigger.
        host: Where the app runs.
        other_groups: ARM ids of the groups of what is there and not in the app's, by type and name (`place_of`).
    """

    target: Target
    host: Host = field(repr=False)
    image: str
    registry: RegistryResource
    roles: tuple[Role, ...]
    tags: Mapping[str, str]
    data: BlobData | QueueData | None = None
    other_groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        """Where they are."""
        return self.target.names

    @property
    def resources(self) -> Resources:
        """What they are called."""
        return self.target.resources

    @property
    def insights(self) -> Insights | None:
        """Where the app writes what it does; None for an app that writes to no Application Insights of ours."""
        name = self.target.resources.application_insights
        return None if name is None else Insights(name, self.target.resources.log_analytics_workspace)

    def with_settings(self, settings: dict[str, Secret]) -> Wanted:
        """The same with other settings of the user's own."""
        return replace(self, target=replace(self.target, app_settings=settings))

    @property
    def by_keys(self) -> bool:
        """Whether the app has keys and passwords in place of an identity."""
        return self.target.access is Access.KEYS

    @property
    def storage_accounts(self) -> tuple[str, ...]:
        """Each once."""
        return self.target.resources.storage_accounts

    def is_in_other_group(self, resource_type: str, name: str) -> bool:
        """Whether a resource must be there already, in another group."""
        return place_of(resource_type, name) in self.other_groups

    def group_of(self, resource_type: str, name: str) -> str:
        """The group of a resource; the type as `Microsoft.Storage/storageAccounts`."""
        return self.id_of(resource_type, name).split("/")[4]

    def id_of(self, resource_type: str, name: str) -> str:
        """ARM id of a resource, where it is; the type as `Microsoft.Storage/storageAccounts`."""
        group = self.other_groups.get(place_of(resource_type, name), self.names.group_id)
        return f"{group}/providers/{resource_type}/{name}"


@dataclass(frozen=True, slots=True)
class Writing:
    """What a write needs besides what is known.

    Attributes:
        change: The change to make.
        patience: For a write of several requests, each of which may meet what passes by itself; others need not use it.
        mask: Takes each secret that is made.
        know: Takes what will be there, before it is, for changes that wait for no more.
    """

    clients: AzureClients
    wanted: Wanted
    change: Change
    patience: Patience
    mask: Callable[[str], None] = discard
    know: Callable[[Piece], None] = discard


@dataclass(frozen=True, slots=True)
class Look:
    """A way to read something that may be there. Nothing is written.

    Attributes:
        what: What is read, for people: "storage accounts".
        gives: The nouns that are known after it, there or not.
        read: Reads it; `Observed` holds what the looks before it gave.
        needs: The nouns that must be known before. What needs the resource group alone is left out where there is none
            that anything could be in.
    """

    what: str
    gives: tuple[type, ...]
    read: Callable[[AzureClients, Wanted, Observed], Piece | None]
    needs: tuple[type, ...] = (ObservedGroup,)


def _nothing(_: Wanted, __: Observed) -> tuple[()]:
    """None: whatever is there will do, and there is nothing to be said of it."""
    return ()


def _no_names(_: AzureClients, __: Wanted, ___: Observed) -> tuple[()]:
    """None: its names are its group's own."""
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource. Each has a file below `kinds/`.

    Attributes:
        name: What people call it.
        difference: What must happen; a change that keeps when nothing must.
        write: Makes one change and says what is there now. `Observed` holds what the changes left that it depends on.
        looks: How it is read.
        problems: Why what is there cannot carry the deployment.
        notes: What people should know of it that no change says, whole sentences.
        type: In Resource Manager, where the inputs can name one of another group, or a removal looks for it.
        named_by: The inputs that name one, which may be in another group, and where its name stands.
        unique_names: Whether the names of those that are new are free; asked where they must be so in all of Azure.
        removal: How it is removed; None for what goes with something else.
        awaits_checks: Whether it is made only when the project was looked at: it costs from its first hour on.
        body: What one of a name is created with, as far as known beforehand; None for what no policy looks at.
    """

    name: str
    difference: Callable[[Wanted, Observed], tuple[Change, ...]]
    write: Callable[[Writing, Observed], Piece | None]
    looks: tuple[Look, ...] = ()
    problems: Callable[[Wanted, Observed], tuple[Problem, ...]] = _nothing
    notes: Callable[[Wanted, Observed], Iterable[str]] = _nothing
    type: str = ""
    named_by: Mapping[str, Callable[[Resources], str | None]] = field(default_factory=dict)
    unique_names: Callable[[AzureClients, Wanted, Observed], Iterable[NameQuestion]] = _no_names
    removal: Removal | None = None
    awaits_checks: bool = False
    body: Callable[[Wanted, str], dict[str, Any]] | None = None

    @property
    def asks_names(self) -> bool:
        """Whether some of its names must be unique in all of Azure."""
        return self.unique_names is not _no_names


@dataclass(frozen=True, slots=True)
class Found:
    """All that a removal must know.

    Attributes:
        host: Where the deployment's app runs.
        group: The resource group; None when it is not there, and nothing else is.
        resources: The app and what it runs on, works on and writes to: those that are there.
        roles: The role assignments of the identity.
        members: ARM ids of everything in the group.
        plan_apps: Other apps on the plan.
        identity_apps: Other apps that run as the identity.
        sharers: Names of identities of other deployments with roles on an account, namespace or component, by its id.
        components: ARM ids of the Application Insights components on the workspace, as far as the login sees.
    """

    host: Host
    group: Standing | None = None
    resources: tuple[Standing, ...] = ()
    roles: RolesHeld = field(default_factory=RolesHeld)
    members: tuple[str, ...] = ()
    plan_apps: tuple[str, ...] = ()
    identity_apps: tuple[str, ...] = ()
    sharers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    components: tuple[str, ...] = ()

    def of(self, kind: str) -> Standing | None:
        """The one resource of a kind."""
        return next((one for one in self.resources if one.kind == kind), None)


class Commands(Protocol):
    """What people are told to type for an app of a host."""

    def keys(self, names: Names, query: str) -> str:
        """The command that prints a key; `query` says which."""

    def deletes_setting(self, names: Names, setting: str) -> str:
        """The command that deletes an app setting."""

    def puts_back(self, names: Names, image: str) -> str:
        """The command that gives an app an image."""

    def moves(self, names: Names) -> str:
        """The command that moves a candidate into its app's place; once more, it moves it back."""


class Host(Protocol):
    """Where function apps run: what the rest of provisioning must know of it. Each host has a package in `hosting`."""

    @property
    def kind(self) -> str:
        """What people call its apps."""

    @property
    def type(self) -> str:
        """Its apps' type in Resource Manager."""

    @property
    def foundations(self) -> tuple[Kind, ...]:
        """The kinds that its apps lie on."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of its apps: the app itself, and what belongs to it."""

    def find(self, clients: AzureClients, names: Names) -> FoundApp | ObservedGroup | None:
        """The app; without one the group that it would be in; None when there is no group either. In one request.

        Raises:
            AzureError: It may not be read.
        """

    def is_there(self, observed: Observed) -> bool:
        """Whether its provider needs no registration, as app and foundations are there."""

    def settings(self, wanted: Wanted, observed: Observed) -> Mapping[str, str | None]:
        """Every app setting that the app must have; a value that is not known yet is None."""

    def settings_with_keys(self, wanted: Wanted) -> tuple[tuple[str, str], ...]:
        """Settings of this host alone that hold a key, each with what it opens: `storage account/x`, `registry`."""

    def apps_on(self, clients: AzureClients, group: str, foundation: str) -> tuple[str, ...]:
        """ARM ids of all apps on a foundation."""

    def goes_with(self, app: Standing, members: Iterable[str]) -> tuple[FieldChange, ...]:
        """What goes with an app when it is removed, of the group's members by ARM id."""

    def origin(self, wanted: Wanted, observed: Observed) -> Origin:
        """Where the app's requests come from, or will."""

    @property
    def commands(self) -> Commands:
        """What people are told to type."""

    def apps(self, clients: AzureClients, group: str) -> list[Any]:
        """All apps of the subscription; those of the group where the login may not see more."""

    def survey_candidate(self, clients: AzureClients, spec: RemovalSpec) -> Found:
        """What is there of a candidate that is to be removed alone: app and candidate, and the roles of its own.

        Raises:
            PlanRefused: Something cannot be read; every reason is told.
        """

    def candidate_changes(self, spec: RemovalSpec, found: Found) -> Iterable[Change]:
        """What goes of the candidate, and that all else stays. Pure: no request is sent."""


@dataclass(frozen=True, slots=True)
class ResourcePlan(ChangeSet):
    """The difference between what is wanted and what is there."""

    wanted: Wanted = field(repr=False)
    observed: Observed = field(repr=False)

    @property
    def names(self) -> Names:
        """Where the deployment is."""
        return self.wanted.names
