"""The SDK's management clients, each built when it is first used."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from functions_model import __version__
from functions_model.azure import api_versions
from functions_model.azure.assignees import APPLICATION, PERSON, assignee, is_person
from functions_model.azure.cloud import Cloud
from functions_model.core.tokens import claims_of

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.authorization import AuthorizationManagementClient
    from azure.mgmt.containerregistry import ContainerRegistryManagementClient
    from azure.mgmt.msi import ManagedServiceIdentityClient
    from azure.mgmt.resource.resources import ResourceManagementClient
    from azure.mgmt.servicebus import ServiceBusManagementClient
    from azure.mgmt.storage import StorageManagementClient
    from azure.mgmt.web import WebSiteManagementClient


def make_ready(client: type) -> None:
    """Let each model of a client's package work out its fields, in one thread.

    By itself a model does so when the first one is made, and marks itself as having models in its fields before it can
    read them (azure-sdk-for-python, the generated `_utils/model_base.py`, `Model.__new__` and
    `_get_deserialize_callable_from_annotation`): what another thread reads in between is a dictionary instead of a
    model. Takes up to 0.1 s, once for each client.

    Args:
        client: A management client's class, in a module of its package.
    """
    # Clients with models of this kind have loaded them. Others load theirs by API version, and need none of this.
    models = sys.modules.get(f"{client.__module__.rpartition('.')[0]}.models")
    for model in vars(models).values() if models else ():
        if hasattr(model, "_calculated"):
            model.__new__(model)


POLLING_SECONDS = 2.0
"""Between two looks at a long-running operation. The SDK's own default is 30 s where the service names none."""

_Client = TypeVar("_Client")


class AzureClients:
    """Every client of one subscription. Safe to use from many threads.

    The SDK is imported client by client on first use: each import costs 0.1-0.4 s and a run may need few of them.

    Args:
        credential: Shared by all clients, so that one token serves all.
        subscription_id: A GUID.
        cloud: Gives the address and the token scope.
        polling_interval: Seconds between two looks at a long-running operation.
        report: Takes a line for each wait of some seconds.
        sleep: Waits for what is still being made; seconds.
        options: More keyword arguments for each client's constructor, such as `transport`.
    """

    def __init__(
        self,
        credential: TokenCredential,
        subscription_id: str,
        cloud: Cloud,
        *,
        polling_interval: float = POLLING_SECONDS,
        report: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.subscription_id = subscription_id
        self.cloud = cloud
        self.polling_interval = polling_interval
        self.sleep = sleep
        self._credential = credential
        self._report = report
        self._options = options or {}
        self._built: dict[str, object] = {}
        self._others: dict[str, AzureClients] = {}
        self._lock = threading.RLock()

    def tell(self, text: str) -> None:
        """One line for people, as for a wait of some seconds."""
        self._report(text)

    def of(self, subscription_id: str) -> AzureClients:
        """Those of a subscription of the same tenant, which may be this one. They are closed with these."""
        key = subscription_id.lower()
        if key == self.subscription_id.lower():
            return self
        with self._lock:
            if key not in self._others:
                more: dict[str, Any] = {"report": self._report, "sleep": self.sleep, "options": self._options}
                self._others[key] = AzureClients(
                    self._credential, key, self.cloud, polling_interval=self.polling_interval, **more
                )
            return self._others[key]

    @property
    def web(self) -> WebSiteManagementClient:
        """Plans and function apps."""
        from azure.mgmt.web import WebSiteManagementClient

        return self._client(WebSiteManagementClient, api_versions.WEB)

    @property
    def storage(self) -> StorageManagementClient:
        """Storage accounts and their blob containers."""
        from azure.mgmt.storage import StorageManagementClient

        return self._client(StorageManagementClient, api_versions.STORAGE)

    @property
    def service_bus(self) -> ServiceBusManagementClient:
        """Service Bus namespaces and their queues."""
        from azure.mgmt.servicebus import ServiceBusManagementClient

        return self._client(ServiceBusManagementClient, api_versions.SERVICE_BUS)

    @property
    def msi(self) -> ManagedServiceIdentityClient:
        """User-assigned identities."""
        from azure.mgmt.msi import ManagedServiceIdentityClient

        return self._client(ManagedServiceIdentityClient, api_versions.IDENTITIES)

    @property
    def authorization(self) -> AuthorizationManagementClient:
        """Role assignments."""
        from azure.mgmt.authorization import AuthorizationManagementClient

        return self._client(AuthorizationManagementClient, api_versions.AUTHORIZATION)

    @property
    def resource(self) -> ResourceManagementClient:
        """Resource groups and resource providers."""
        from azure.mgmt.resource.resources import ResourceManagementClient

        return self._client(ResourceManagementClient, api_versions.RESOURCES)

    @property
    def registries(self) -> ContainerRegistryManagementClient:
        """Container registries."""
        from azure.mgmt.containerregistry import ContainerRegistryManagementClient

        return self._client(ContainerRegistryManagementClient, api_versions.REGISTRIES)

    @property
    def object_id(self) -> str:
        """The object id of the login, as its token tells it; empty when it does not. Not verified."""
        return str(self._claims.get("oid") or "")

    @property
    def assignee(self) -> str:
        """The login as options of `az role assignment create`, as its token tells it. Not verified."""
        return assignee(self.object_id, PERSON if is_person(self._claims) else APPLICATION)

    @property
    def _claims(self) -> dict[str, Any]:
        return claims_of(self._credential.get_token(self.cloud.arm_scope).token)

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for client in self._built.values():
                cast("Any", client).close()
            self._built.clear()
            for other in self._others.values():
                other.close()

    def _client(self, build: Callable[..., _Client], api_version: str) -> _Client:
        from functions_model.azure.sending import CancelledTransport

        name = build.__name__
        with self._lock:
            if name not in self._built:
                make_ready(cast("type", build))
                self._built[name] = build(
                    self._credential,
                    self.subscription_id,
                    api_version=api_version,
                    base_url=self.cloud.resource_manager,
                    credential_scopes=[self.cloud.arm_scope],
                    polling_interval=self.polling_interval,
                    user_agent=f"functions-model-action/{__version__}",
                    **self._policies(),
                    **{"transport": CancelledTransport(**self._options), **self._options},
                )
            return cast("_Client", self._built[name])

    def _policies(self) -> dict[str, Any]:
        """Each client has its own: a policy knows the one that follows it."""
        from functions_model.azure.misread import ReadingPolicy
        from functions_model.azure.sending import PatientRetry, RenewingAuthentication, UnknownVersionPolicy

        return {
            "per_call_policies": [ReadingPolicy(), UnknownVersionPolicy()],
            "retry_policy": PatientRetry(self._report, **self._options),
            "authentication_policy": RenewingAuthentication(self._credential, self.cloud.arm_scope),
        }
