"""Who we are, for the length of one run: credential, clients, and the registry as Azure knows it."""

# ruff: noqa: PLC0415 - what speaks to Azure is imported where a run logs in: one that does not must start fast

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from functions_model.registry.access import EntraExchange
from functions_model.registry.client import RegistryClient

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.azure.cloud import Cloud
    from functions_model.azure.login import MaskingCredential
    from functions_model.core.references import ImageReference
    from functions_model.core.spec import DeploymentSpec, Login, Target
    from functions_model.pipeline.parts import Parts
    from functions_model.provision import RegistryResource


@dataclass(frozen=True, slots=True)
class Subscription:
    """The subscription that the app lives in.

    Attributes:
        clients: For its resources.
        registry: The registry as Resource Manager knows it.
        target: The names of the resources.
    """

    clients: AzureClients
    registry: RegistryResource
    target: Target


@dataclass(frozen=True, slots=True)
class Session:
    """What a run can reach.

    Attributes:
        host: The registry's login server.
        cloud: None without a login.
        credential: None without a login.
        subscription: None where no Azure resource is touched (mode `package`).
    """

    host: str
    cloud: Cloud | None = None
    credential: MaskingCredential | None = None
    subscription: Subscription | None = None
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

    def registry_client(self, parts: Parts) -> RegistryClient:
        """The client for the target registry: one for the whole run, with its connections and tokens."""
        return self._client(self.host, parts)

    def base_client(self, reference: ImageReference, parts: Parts) -> RegistryClient:
        """The client for the base image's registry: as for the target when it is the same one, anonymous when not."""
        return self._client(reference.registry, parts)

    def _client(self, host: str, parts: Parts) -> RegistryClient:
        if host not in self._clients:
            self._clients[host] = self._new_client(host, parts)
        return self._clients[host]

    def _new_client(self, host: str, parts: Parts) -> RegistryClient:
        credential = self.registry_login
        if host != self.host or credential is None or self.cloud is None:
            return RegistryClient(host, mask=parts.ci.mask)
        scope = self.cloud.registry_scope
        abac = self.subscription.registry.abac if self.subscription else None
        exchange = EntraExchange(lambda: credential.get_token(scope).token, abac)
        return RegistryClient(host, exchange, mask=parts.ci.mask)


def open_session(spec: DeploymentSpec, parts: Parts) -> Session:
    """Log in once, for everything that follows, and find the registry.

    Raises:
        LoginFailed: Entra ID refused, or the CI host gave no identity token.
        PlanRefused: The registry does not exist, or may not be read.
    """
    if spec.login is None:
        return Session(spec.image.registry)
    with parts.stage("Log in"):
        return _log_in(spec, spec.login, parts)


def _log_in(spec: DeploymentSpec, login: Login, parts: Parts) -> Session:
    from functions_model.azure.clients import AzureClients
    from functions_model.azure.cloud import resolve_cloud
    from functions_model.azure.login import credential_for, warm_up
    from functions_model.provision import find_registry

    cloud = resolve_cloud(login.cloud)
    credential = credential_for(login, cloud, parts.ci)
    warm_up(credential, [cloud.arm_scope, cloud.registry_scope])
    parts.ci.info(f"Logged in to {cloud.name} as {login.client_id}.")
    if spec.target is None:
        session = Session(spec.image.registry, cloud, credential)
        if session.host and session.registry_login is None:
            parts.ci.info(f"`{session.host}` is no registry of {cloud.name}: it gets no token of this login.")
        return session
    clients = AzureClients(credential, spec.target.names.subscription, cloud, report=parts.ci.info)
    registry = find_registry(clients, spec.image)
    return Session(registry.login_server, cloud, credential, Subscription(clients, registry, spec.target))
