"""What is wanted: the nouns of provisioning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from functions_model.core.blob_paths import BlobPath


def same_id(one: str, other: str) -> bool:
    """Whether two ARM ids name the same resource: services change their case."""
    return one.lower().rstrip("/") == other.lower().rstrip("/")


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
        arm_tokens: It takes Entra's tokens for Resource Manager, with which the app's image is pulled.
        sku: `Basic`, `Standard` or `Premium`; empty when it is not said.
    """

    id: str
    login_server: str
    abac: bool = False
    admin: bool = False
    arm_tokens: bool = True
    sku: str = field(default="", compare=False)


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
class NameQuestion:
    """Whether a name that is unique in all of Azure is free.

    Attributes:
        kind: What is called so, for people.
        type: The same in Resource Manager.
        name: The name.
        ask: Asks the service.
    """

    kind: str
    type: str
    name: str
    ask: Callable[[], Any]
