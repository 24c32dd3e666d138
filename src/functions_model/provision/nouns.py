"""What is wanted: the nouns of provisioning."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from functions_model.core.access import Access

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.core.blob_paths import BlobPath
    from functions_model.core.names import Names
    from functions_model.core.secrets import Secret
    from functions_model.core.spec import Target


def place_of(resource_type: str, name: str) -> str:
    """What `Wanted.other_groups` knows a resource by: names do not differ by case alone."""
    return f"{resource_type}/{name}".lower()


@dataclass(frozen=True, slots=True)
class RegistryResource:
    """A container registry.

    Attributes:
        id: The ARM id.
        login_server: Host of the registry, with a port where there is one.
        abac: It honours repository-scoped roles only; AcrPull and AcrPush count for nothing there.
        admin: Its admin user is on, whose password opens all of it.
        arm_tokens: It takes Entra's tokens for Resource Manager, with which App Service pulls.
    """

    id: str
    login_server: str
    abac: bool = False
    admin: bool = False
    arm_tokens: bool = True


@dataclass(frozen=True, slots=True)
class Insights:
    """Where the app and its host write what they do.

    Attributes:
        component: An Application Insights component's name.
        workspace: The Log Analytics workspace of a component that is created.
    """

    component: str
    workspace: str


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
    """The resources of one deployment, by name: its target, and what follows from it.

    Attributes:
        image: Pinned by digest: `registry/repository@sha256:...`.
        roles: What the identity must hold, in a stable order.
        tags: Given to what is created. What exists keeps its tags: only what we made may be known as ours.
        data: What the trigger works on; None with an HTTP trigger.
        other_groups: Resource groups of what is there already and not in the app's, by type and name (`place_of`).
    """

    target: Target
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
    def insights(self) -> Insights | None:
        """Where the app writes what it does; None for an app that writes to no Application Insights of ours."""
        name = self.target.application_insights
        return None if name is None else Insights(name, self.target.log_analytics_workspace)

    def with_settings(self, settings: dict[str, Secret]) -> Wanted:
        """The same with other settings of the user's own."""
        return replace(self, target=replace(self.target, app_settings=settings))

    @property
    def by_keys(self) -> bool:
        """Whether the app has keys and passwords in place of an identity."""
        return self.target.access is Access.KEYS

    @property
    def storage_accounts(self) -> tuple[str, ...]:
        """The host storage account and, when it is another one, that of a blob trigger."""
        data = (self.data.account,) if isinstance(self.data, BlobData) else ()
        return tuple(dict.fromkeys((self.target.storage_account, *data)))

    def is_in_other_group(self, resource_type: str, name: str) -> bool:
        """Whether a resource must be there already, in another group."""
        return place_of(resource_type, name) in self.other_groups

    def group_of(self, resource_type: str, name: str) -> str:
        """The group of a resource; the type as `Microsoft.Web/sites`."""
        return self.other_groups.get(place_of(resource_type, name), self.names.group)

    def id_of(self, resource_type: str, name: str) -> str:
        """ARM id of a resource, in its group; the type as `Microsoft.Web/sites`."""
        return f"{self.names.id_of_group(self.group_of(resource_type, name))}/providers/{resource_type}/{name}"
