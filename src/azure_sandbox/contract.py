"""The words that the sandbox's parts use with one another.

The control plane (`entra`, `arm`) and the data plane (`registry`, `apps`, `storage`) are built apart; each side knows
the other only by the protocols here, and `sandbox.Sandbox` joins them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.networks import NamespaceDoor, NetworkRules


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who can hold roles.

    Attributes:
        object_id: What role assignments name (`principalId`).
        client_id: What tokens and identity settings name.
        display_name: For logs.
    """

    object_id: str
    client_id: str
    display_name: str


class TokenRefused(Exception):
    """An access token does not hold: expired, wrong audience, wrong signature. The text says which."""


class Directory(Protocol):
    """Microsoft Entra ID, as the data plane needs it. Implemented by the control plane."""

    tenant_id: str
    """Whose directory it is."""

    def principal_of_token(self, access_token: str, audience: str) -> Principal:
        """Who presents this access token.

        Raises:
            TokenRefused: The token does not hold for that audience.
        """

    def issue_token(self, client_id: str, audience: str) -> str:
        """A managed identity's access token, as the platform gets it for an app."""

    def principal_of_client(self, client_id: str) -> Principal | None:
        """The service principal or managed identity with that client id."""


class RoleBook(Protocol):
    """Role assignments, as the data plane needs them. Implemented by the control plane."""

    def roles(self, object_id: str, scope: str) -> frozenset[str]:
        """GUIDs (lower case) of the roles held at the ARM scope or above, new ones only after `propagation_delay`."""

    def permits(self, object_id: str, permission: str, scope: str, *, data: bool) -> bool:
        """Whether a role of the principal at the ARM scope has the permission, among its `dataActions` or `actions`."""


@dataclass(frozen=True, slots=True)
class SiteDefinition:
    """A function app as ARM holds it: what the platform must bring to life.

    Attributes:
        resource_id: The site's ARM id.
        name: The app's name; of a slot, `<app>-<slot>`.
        linux_fx_version: `DOCKER|host/repository@sha256:...`.
        app_settings: Names and values.
        connection_strings: Variables that the container finds them in.
        identities: Client id -> principal of each identity that the site has (a system-assigned one included).
        acr_identity_client_id: Who pulls the image; None means credentials from `DOCKER_REGISTRY_SERVER_*`, or nobody.
        state: `Running` or `Stopped`.
        public: Whether callers from outside its network are let in.
        isolated: Whether the host has nothing below `/admin` for anybody but the platform.
        container_log: Whether what the container writes is kept.
        key_vault_identity: Client id of the identity that resolves references to Key Vault; empty when there is none.
        authentication: `authsettingsV2`; empty where that was never written.
    """

    resource_id: str
    name: str
    linux_fx_version: str
    app_settings: dict[str, str]
    identities: dict[str, Principal]
    acr_identity_client_id: str | None
    state: str = "Running"
    public: bool = True
    isolated: bool = False
    connection_strings: dict[str, str] = field(default_factory=dict)
    container_log: bool = False
    key_vault_identity: str = ""
    authentication: dict[str, Any] = field(default_factory=dict)


class AppState(enum.StrEnum):
    """What an app is doing."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    """The host answers. Functions may still fail to load."""
    FAILED = "failed"
    """The container could not be pulled or started. It is tried again, as App Service does."""


@dataclass(frozen=True, slots=True)
class HostKeys:
    """The keys of a functions host."""

    master: str
    functions: dict[str, str]
    system: dict[str, str] = field(default_factory=dict)


class AppPlatform(Protocol):
    """App Service: brings sites to life. Implemented by the data plane, called by ARM's Microsoft.Web."""

    def reserve(self, name: str) -> str:
        """The host name (`localhost:PORT`) that the app with this name has, now and later."""

    def apply(self, site: SiteDefinition) -> None:
        """Start the app, or restart it when anything in the definition differs. Returns at once."""

    def restart(self, resource_id: str) -> None:
        """Start the app again. Returns at once."""

    def swap(self, first: SiteDefinition, second: SiteDefinition) -> bool:
        """Bring two definitions to life beside what runs, and change over; False, and no change, if the first fails."""

    def remove(self, resource_id: str) -> None:
        """Stop the app and forget it."""

    def state(self, resource_id: str) -> AppState:
        """What the app is doing."""

    def log(self, resource_id: str) -> str:
        """The container log: the platform's lines (pull, start, exit code) and the container's own."""

    def ask_host(self, resource_id: str, method: str, path: str) -> tuple[int, bytes] | None:
        """What the host answers to the platform itself: status and body; None while no container answers."""

    def keys(self, resource_id: str) -> HostKeys | None:
        """The host's keys; None until the host runs."""

    def function_keys(self, resource_id: str, function: str) -> dict[str, str] | None:
        """One function's keys; None until the host runs."""

    def functions(self, resource_id: str) -> list[dict[str, object]] | None:
        """The functions that the host indexed, each with `name` and `config` (function.json); None until it runs."""


@dataclass(frozen=True, slots=True)
class QueueDefinition:
    """A Service Bus queue as ARM holds it.

    Attributes:
        name: Its name, in its own case; names are compared without regard to case.
        lock_seconds: How long a receiver may keep a message before another gets it.
        max_delivery_count: So many deliveries, then the dead-letter queue.
        max_message_bytes: 256 KiB in the tiers Basic and Standard, up to 100 MiB in Premium.
        time_to_live: Seconds that a message lives; None for ever.
        dead_letter_expired: Whether a message that outlived that goes to the dead-letter queue instead of nowhere.
        status: `Active`, `Disabled`, `SendDisabled`, `ReceiveDisabled`.
    """

    name: str
    lock_seconds: float = 60.0
    max_delivery_count: int = 10
    max_message_bytes: int = 262_144
    time_to_live: float | None = None
    dead_letter_expired: bool = False
    status: str = "Active"


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many messages a queue holds: ready or locked, and in its dead-letter queue."""

    active: int
    dead_lettered: int


class ServiceBusEmulator(Protocol):
    """An AMQP broker behind ARM's Service Bus namespaces. Implemented by the data plane."""

    def create_namespace(self, name: str) -> str:
        """Bring a namespace to life: `localhost:PORT` of its TLS listener, the same one for a name that lives."""

    def remove_namespace(self, name: str) -> None:
        """Close its listener and forget its queues and messages. An unknown name is no error."""

    def put_queue(self, namespace: str, definition: QueueDefinition) -> None:
        """Create a queue, or change its definition and keep its messages."""

    def remove_queue(self, namespace: str, queue: str) -> None:
        """Forget a queue and its messages. An unknown name is no error."""

    def counts(self, namespace: str, queue: str) -> QueueCounts:
        """How many messages it holds; or raise `KeyError` for a queue that there is none of."""


@dataclass(frozen=True, slots=True)
class AccessRule:
    """A shared access rule of a namespace or a queue.

    Attributes:
        keys: The primary and the secondary key.
        rights: Some of `Listen`, `Send`, `Manage`; `Manage` includes the others.
    """

    keys: tuple[str, str]
    rights: frozenset[str]


class ServiceBusAccess(Protocol):
    """Who may do what in a namespace, as the broker asks it. Implemented by the control plane."""

    def door(self, namespace: str) -> NamespaceDoor:
        """Whom the namespace lets in at all."""

    def subnet_of(self, app: str) -> str:
        """The ARM id of the subnet that the app with that ARM id has joined; empty when there is none."""

    def rule(self, namespace: str, queue: str | None, name: str) -> AccessRule | None:
        """The rule with that name, of the queue or, with None, of the namespace."""

    def queue_id(self, namespace: str, queue: str) -> str | None:
        """The queue's ARM id, the scope at which its roles are looked up; None when there is no such queue."""


@dataclass(frozen=True, slots=True)
class RegistryDefinition:
    """A container registry as ARM holds it."""

    resource_id: str
    name: str
    login_server: str
    abac: bool = False
    admin: tuple[str, str] | None = None
    """Admin user name and password, when the admin user is on."""
    arm_tokens: bool = True
    """Whether it takes Entra's tokens for Azure Resource Manager, too."""
    network: NetworkRules | None = None
    """Who is let in; None for everybody."""


@dataclass(frozen=True, slots=True)
class ImageImport:
    """An image to copy into a registry.

    Attributes:
        source: The ARM id of a registry, or the host of one: `mcr.microsoft.com`.
        repository: There.
        reference: Tag or digest.
        targets: Repository and tag of each name it gets.
        untagged: Repositories that get it without a name.
        force: Whether tags that are there may be moved.
        login: User name and password for a source that is a host.
    """

    source: str
    repository: str
    reference: str
    targets: tuple[tuple[str, str], ...]
    untagged: tuple[str, ...] = ()
    force: bool = False
    login: tuple[str, str] | None = None


class ImportRefused(Exception):
    """An image cannot be copied: the source cannot be read, or has no such image. The text is what it said."""


class TagExists(ImportRefused):
    """A tag that must not be moved is there."""


class RegistryPlatform(Protocol):
    """Azure Container Registry behind ARM's registries. Called by ARM's Microsoft.ContainerRegistry."""

    def reserve(self, name: str) -> str:
        """The login server (`localhost:PORT`) that the registry with this name has, now and later."""

    def apply(self, definition: RegistryDefinition) -> None:
        """Serve the registry, or serve it by its new definition."""

    def remove(self, resource_id: str) -> None:
        """Stop it and forget it."""

    def prepare_import(self, resource_id: str, wanted: ImageImport) -> Callable[[], None]:
        """Check a copy from one registry to another, and give the function that makes it; or raise `ImportRefused`."""
