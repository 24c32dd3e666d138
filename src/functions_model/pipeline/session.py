"""What a run has to do with besides its spec: the outside world, and what a login makes it reach there."""

# ruff: noqa: PLC0415 - what speaks to Azure is imported where a run logs in: one that does not must start fast

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from functions_model.ci.host import CiHost
from functions_model.core.failures import PlanRefused
from functions_model.core.promotion import PromotionSpec
from functions_model.core.secrets import Login, RegistryLogin
from functions_model.core.spec import Access, DeploymentSpec
from functions_model.core.work import Report, silent
from functions_model.pipeline.events import Event, ResourceWritten, StageEnded
from functions_model.registry.access import EntraExchange
from functions_model.registry.client import RegistryClient

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from functions_model.azure.clients import AzureClients
    from functions_model.azure.cloud import Cloud
    from functions_model.azure.login import MaskingCredential
    from functions_model.pipeline.early_lock import EarlyLock
    from functions_model.provision import RegistryResource, RunContext
    from functions_model.provision.removal import RemovalPlan
    from functions_model.registry.tags import Acr


_AGAIN = 4
"""How often a request to a registry's own interface is sent again: a run that has come so far need not wait long."""


def without_question(plan: RemovalPlan) -> None:
    """A removal that nobody is asked about: that of a job."""


@dataclass(frozen=True, slots=True)
class World:
    """What a run has around it. The story reaches the machine, and people, by this alone.

    Attributes:
        ci: The machine we run on behalf of.
        work: An empty folder for what is made on the way; the caller removes it.
        tell: Takes each event as it happens; may be called from several threads.
        report: Takes the progress of long pieces of work.
        listening_seconds: How long a trigger's listener needs to report its first failure; None: as on Azure.
        compilers: By minor, the exact version of Python whose byte code images get; None: those that stand in the
            product.
        confirm: Asks whoever sits there before anything is removed; raises `NotConfirmed` where they do not want it.
    """

    ci: CiHost
    work: Path
    tell: Callable[[Event], None]
    report: Report = silent
    listening_seconds: float | None = None
    compilers: Mapping[str, str] | None = None
    confirm: Callable[[RemovalPlan], None] = without_question

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """A part of the story: a group in the log, and an event with its duration."""
        started = time.monotonic()
        succeeded = False
        try:
            with self.ci.group(title):
                yield
            succeeded = True
        finally:
            self.tell(StageEnded(title, time.monotonic() - started, succeeded))


def run_context(world: World) -> RunContext:
    """What a run lends to whoever writes resources: its log, its events and its masks."""
    from functions_model.provision import RunContext

    return RunContext(world.ci.info, lambda one: world.tell(ResourceWritten(one)), world.ci.mask)


@dataclass(frozen=True, slots=True)
class Subscription:
    """The subscription that the app lives in.

    Attributes:
        clients: For its resources.
        registry: The registry as Resource Manager knows it.
    """

    clients: AzureClients
    registry: RegistryResource


@dataclass(frozen=True, slots=True)
class Session:
    """What a run can reach.

    Attributes:
        world: What the run has around it.
        host: The registry's login server.
        cloud: None without a login.
        credential: None without a login.
        subscription: None where no Azure resource is touched (mode `package`).
        early: The lock in the making; None where it is made when it is needed.
    """

    world: World
    host: str
    cloud: Cloud | None = None
    credential: MaskingCredential | None = None
    subscription: Subscription | None = None
    early: EarlyLock | None = None
    _clients: dict[str, RegistryClient] = field(default_factory=dict, init=False, repr=False, compare=False)

    def close(self) -> None:
        """Give the connections to Azure back."""
        if self.subscription:
            self.subscription.clients.close()
        if self.credential:
            self.credential.close()

    @property
    def registry_login(self) -> MaskingCredential | None:
        """The credential as far as the registry may get tokens of it.

        That is when Resource Manager named it, or when its host ends as those of the cloud do. Others are asked as
        anybody would.
        """
        known = self.subscription is not None or (self.cloud is not None and self.cloud.has_registry(self.host))
        return self.credential if known else None

    def acr(self) -> Acr | None:
        """The target registry by its own interface; None for one that gets no token of this login."""
        credential, cloud = self.registry_login, self.cloud
        return acr_of(self.host, credential, cloud) if credential and cloud else None

    def client_of(self, registry: str) -> RegistryClient:
        """The client for a registry: one for the whole run, with its connections and tokens.

        Args:
            registry: Its host. The target registry, `host`, gets the login; a base image's, where it is another one,
                is asked as anybody would.
        """
        if registry not in self._clients:
            self._clients[registry] = self._new_client(registry)
        return self._clients[registry]

    def trust(self, registry: RegistryResource) -> None:
        """Give another registry the login, too: Resource Manager has named it."""
        if registry.login_server not in self._clients:
            self._clients[registry.login_server] = self._with_login(registry.login_server, registry)

    def log_in_to(self, host: str, login: RegistryLogin) -> None:
        """Ask another registry as whom the user has named for it."""
        self._clients[host] = RegistryClient(host, login, mask=self.world.ci.mask)

    def _new_client(self, registry: str) -> RegistryClient:
        if registry != self.host or self.registry_login is None:
            return RegistryClient(registry, mask=self.world.ci.mask)
        return self._with_login(registry, self.subscription.registry if self.subscription else None)

    def _with_login(self, host: str, registry: RegistryResource | None) -> RegistryClient:
        credential, cloud = self.credential, self.cloud
        if credential is None or cloud is None:
            raise TypeError("there is no login")
        abac = registry.abac if registry else None
        exchange = EntraExchange(lambda: credential.get_token(cloud.registry_scope).token, abac)
        return RegistryClient(host, exchange, mask=self.world.ci.mask)


def acr_of(host: str, credential: TokenCredential, cloud: Cloud) -> Acr:
    """A registry of Azure by its own interface. Nothing is asked yet."""
    from functions_model.azure.sending import CancelledTransport
    from functions_model.registry.tags import Acr

    audience = cloud.registry_scope.removesuffix("/.default")
    return Acr(host, credential, audience, lambda: {"transport": CancelledTransport(), "retry_total": _AGAIN})


def open_session(spec: DeploymentSpec | PromotionSpec, world: World) -> Session:
    """Log in once, for everything that follows, and find the registry.

    Raises:
        LoginFailed: Entra ID refused, or the CI host gave no identity token.
        PlanRefused: The registry does not exist, or may not be read.
    """
    if spec.login is None:
        return Session(world, spec.image.registry)
    with world.stage("Log in"):
        return _log_in(spec, spec.login, world)


def _log_in(spec: DeploymentSpec | PromotionSpec, login: Login, world: World) -> Session:
    cloud, credential = log_in(login, world, registry=True)
    if spec.names is None:
        session = Session(world, spec.image.registry, cloud, credential)
        if session.host and session.registry_login is None:
            world.ci.info(f"`{session.host}` is no registry of {cloud.name}: it gets no token of this login.")
        return session
    from functions_model.azure.clients import AzureClients
    from functions_model.hosting.known_hosts import host_of
    from functions_model.provision import find_registry, role_on_registry, with_the_rest

    clients = AzureClients(credential, spec.names.subscription, cloud, report=world.ci.info)
    target = spec.target if isinstance(spec, DeploymentSpec) else None
    role = role_on_registry(spec.mode, target.access if target else Access.IDENTITY)
    try:
        registry = find_registry(clients, spec.image, role)
    except PlanRefused as refused:
        if not isinstance(spec, DeploymentSpec):
            raise
        raise with_the_rest(refused, spec, clients, host_of(spec.target)) from refused
    return Session(world, registry.login_server, cloud, credential, Subscription(clients, registry))


def log_in(login: Login, world: World, *, registry: bool) -> tuple[Cloud, MaskingCredential]:
    """The cloud, and a credential that has its tokens already. The caller closes it.

    Args:
        login: Who we are.
        world: What the run has around it.
        registry: Whether the registry is asked, too, and not Resource Manager alone.

    Raises:
        LoginFailed: Entra ID refused, or the CI host gave no identity token.
    """
    from functions_model.azure.cloud import resolve_cloud
    from functions_model.azure.login import credential_for, warm_up

    cloud = resolve_cloud(login.cloud)
    credential = credential_for(login, cloud, world.ci)
    warm_up(credential, [cloud.arm_scope, cloud.registry_scope] if registry else [cloud.arm_scope])
    world.ci.info(f"Logged in to {cloud.name} {login}.")
    return cloud, credential
