"""What is wanted, and how it differs from what is there: the nouns of provisioning."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from functions_model.core.access import Access

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.core.blob_paths import BlobPath
    from functions_model.core.secrets import Secret
    from functions_model.provision.observed import Observed
    from functions_model.provision.registries import RegistryResource
    from functions_model.provision.telemetry import Insights


class Action(enum.StrEnum):
    """What is done to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    """It goes, and another one of the same name comes: what cannot be changed in place."""
    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that changes. Secrets and the values of settings are `***`.

    Attributes:
        name: As people know it: "image", "app setting `X`".
        before: None when there is none.
        after: Never a secret; `removed` when there is none any more.
    """

    name: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource.

    Attributes:
        kind: "storage account"; one of the `KIND` names under `kinds/`.
        name: The resource's name, unique within its kind.
        action: What is done to it.
        fields: What changes; empty when kept.
        reason: Why, a clause without a full stop. Of what is kept, only where somebody might have expected otherwise.
        depends_on: `key`s of changes that must be done before, and of futures that `apply` is given (`image`).
        resource_id: The ARM id; empty when it has none of its own.
        link: Where people see it in the cloud's portal; empty when there is no portal, or no id.
    """

    kind: str
    name: str
    action: Action
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    depends_on: tuple[str, ...] = ()
    resource_id: str = ""
    link: str = ""

    @property
    def key(self) -> str:
        """What other changes depend on it by."""
        return key_of(self.kind, self.name)

    def __str__(self) -> str:
        """The storage account `x`."""
        return f"the {self.kind} `{self.name}`"


def known_of(key: str) -> str:
    """What a change depends on that need not wait until another is done, but only until it is known what will be there.

    Args:
        key: Of the other change.
    """
    return f"{key}, known"


def key_of(kind: str, name: str) -> str:
    """The key of a change: `storage account/x`."""
    return f"{kind}/{name}"


def place_of(resource_type: str, name: str) -> str:
    """What `Wanted.elsewhere` knows a resource by: names do not differ by case alone."""
    return f"{resource_type}/{name}".lower()


SWAP = "swap"
"""The kind of the one change that is made after the others were verified."""

IMAGE = "image"
"""The key of the one future that is no resource: the pushed image."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role that the app's identity must hold.

    Attributes:
        name: As the portal shows it.
        definition: GUID of the role definition, the same in every tenant.
        scope: ARM id of the resource that it is held on.
        on: What the scope is called, for people.
        waits_for: Key of the change that makes the scope, which may have to be created first: `storage account/x`.
            Empty when the scope is there in any case.
    """

    name: str
    definition: str
    scope: str
    on: str
    waits_for: str = ""


@dataclass(frozen=True, slots=True)
class BlobData:
    """What a blob trigger watches and where its answers go.

    Attributes:
        account: The storage account with the containers; may be the host storage account.
        input_path: Container and name pattern; app settings in it are not resolved yet.
        output_path: None drops the answers.
    """

    account: str
    input_path: BlobPath
    output_path: BlobPath | None


@dataclass(frozen=True, slots=True)
class QueueData:
    """What a Service Bus queue trigger receives and where its answers go.

    Attributes:
        namespace: The namespace with the queues.
        sku: `Basic`, `Standard` or `Premium`, for a namespace that is created.
        input_queue: A queue's name.
        output_queue: None drops the answers.
    """

    namespace: str
    sku: str
    input_queue: str
    output_queue: str | None

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues' names, the input first."""
        return (self.input_queue,) if self.output_queue is None else (self.input_queue, self.output_queue)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The resources of one deployment, by name.

    Attributes:
        image: Pinned by digest: `registry/repository@sha256:...`.
        roles: What the identity must hold, in a stable order.
        app_settings: The user's own.
        tags: Given to what is created. What exists keeps its tags: only what we made may be known as ours.
        data: What the trigger works on; None with an HTTP trigger.
        elsewhere: Resource groups of what is there already and not in `group`, by type and name (`place_of`).
        insights: None for an app that writes to no Application Insights of ours.
        plan_sku_given: `plan_sku` was asked for: a plan of another size is changed to it.
        plan_minimum: The instances that are always there; None leaves them as they are.
        plan_maximum: The most instances that an Elastic Premium plan adds up to; None leaves it as it is.
        access: How the app gets into what it works with.
        slot: The deployment slot for the new version; empty for the app itself.
        swap: The slot is swapped with the app once it is verified.
        given: Inputs that were given, of those that mean nothing for what is there: `service-bus-sku`.
    """

    subscription_id: str
    group: str
    location: str
    plan_name: str
    plan_sku: str
    storage_account: str
    identity_name: str
    app_name: str
    image: str
    registry: RegistryResource
    roles: tuple[Role, ...]
    app_settings: Mapping[str, Secret]
    tags: Mapping[str, str]
    data: BlobData | QueueData | None = None
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    plan_sku_given: bool = False
    plan_minimum: int | None = None
    plan_maximum: int | None = None
    insights: Insights | None = None
    access: Access = Access.IDENTITY
    slot: str = ""
    swap: bool = False
    given: frozenset[str] = frozenset()

    @property
    def by_keys(self) -> bool:
        """Whether the app has keys and passwords in place of an identity."""
        return self.access is Access.KEYS

    @property
    def storage_accounts(self) -> tuple[str, ...]:
        """The host storage account and, when it is another one, that of a blob trigger."""
        data = (self.data.account,) if isinstance(self.data, BlobData) else ()
        return tuple(dict.fromkeys((self.storage_account, *data)))

    @property
    def group_id(self) -> str:
        """ARM id of the resource group."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.group}"

    def is_elsewhere(self, resource_type: str, name: str) -> bool:
        """Whether a resource must be there already, in another group."""
        return place_of(resource_type, name) in self.elsewhere

    def group_of(self, resource_type: str, name: str) -> str:
        """The group of a resource; the type as `Microsoft.Web/sites`."""
        return self.elsewhere.get(place_of(resource_type, name), self.group)

    def id_of(self, resource_type: str, name: str) -> str:
        """ARM id of a resource, in its group; the type as `Microsoft.Web/sites`."""
        group = self.group_of(resource_type, name)
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{group}/providers/{resource_type}/{name}"


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What is to be done, in a stable order. Nothing has been written.

    Attributes:
        changes: One per resource, those that are kept included.
        notes: What people should know of it besides, whole sentences.
    """

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def has_changes(self) -> bool:
        """Whether applying it would write anything."""
        return any(change.action is not Action.KEEP for change in self.changes)

    @property
    def now(self) -> tuple[Change, ...]:
        """What must happen before anything can be verified: all but a swap."""
        return tuple(change for change in self.changes if change.action is not Action.KEEP and change.kind != SWAP)

    @property
    def swap(self) -> Change | None:
        """The swap, which waits until its slot is verified."""
        return next((change for change in self.changes if change.kind == SWAP), None)

    @property
    def ahead(self) -> tuple[Change, ...]:
        """What must happen and need not wait for the image, in the plan's order."""
        waiting = {IMAGE}
        for change in self.changes:
            if waiting.intersection(change.depends_on):
                waiting.add(change.key)
        return tuple(change for change in self.now if change.key not in waiting)

    def count(self, action: Action) -> int:
        """How many resources have that action."""
        return sum(change.action is action for change in self.changes)


@dataclass(frozen=True, slots=True)
class ResourcePlan(ChangeSet):
    """The difference between what is wanted and what is there."""

    wanted: Wanted = field(repr=False)
    observed: Observed = field(repr=False)
