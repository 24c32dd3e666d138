"""A sandbox whose data plane is a fake: fast, and every side of it can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.mgmt.web import WebSiteManagementClient

from azure_sandbox.arm.resources.state import NAMESPACES
from azure_sandbox.directory import FederatedCredential
from azure_sandbox.sandbox import SHARED_GROUP, Sandbox
from support.fake_data_plane import FakeApps, FakeStorage, fake_data_plane
from support.sandbox_registries import Registries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ARM = "https://management.azure.com"


@dataclass
class Cloud:
    """A sandbox and ways to talk to it."""

    sandbox: Sandbox
    session: requests.Session
    transports: list[Any]

    @property
    def apps(self) -> FakeApps:
        apps = self.sandbox.data.apps
        assert isinstance(apps, FakeApps)
        return apps

    @property
    def storage(self) -> FakeStorage:
        storage = self.sandbox.data.storage
        assert isinstance(storage, FakeStorage)
        return storage

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.sandbox.subscription_id}"

    def token(self, client_id: str | None = None, audience: str = ARM) -> str:
        return self.sandbox.directory.issue_token(client_id or self.sandbox.endpoints.client_id, audience)

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, version: str = "2022-04-01"
    ) -> requests.Response:
        """A request as a client without a library would send it."""
        joint = "&" if "?" in path else "?"
        url = f"{self.sandbox.endpoints.resource_manager}{path}{joint}api-version={version}"
        headers = {"Authorization": f"Bearer {token or self.token()}"}
        return self.session.request(method, url, json=body, headers=headers, timeout=30)

    def client(self, kind: Callable[..., Any], **options: Any) -> Any:
        """One of the Azure SDK's own clients."""
        ends = self.sandbox.endpoints
        credential = ClientSecretCredential(
            ends.tenant_id,
            ends.client_id,
            ends.client_secret,
            authority=ends.authority,
            disable_instance_discovery=True,
            connection_verify=str(ends.ca_file),
        )
        made = kind(
            credential,
            ends.subscription_id,
            base_url=ends.resource_manager,
            credential_scopes=[f"{ARM}/.default"],
            connection_verify=str(ends.ca_file),
            **{"polling_interval": 0.05, "retry_total": 0, **options},
        )
        self.transports += [made, credential]
        return made

    def new_group(self, name: str) -> str:
        """A resource group; its path."""
        self.sandbox.arm.groups.put(name, "westeurope", {})
        return f"{self.subscription}/resourceGroups/{name}"

    def somebody(self, role: str | None = None, scope: str | None = None) -> str:
        """The client id of a new principal, with a role at a scope."""
        principal = self.sandbox.directory.add_application("somebody").principal
        if role:
            self.sandbox.roles.grant(principal.object_id, role, scope or self.subscription)
        return principal.client_id

    def close(self) -> None:
        for one in self.transports:
            one.close()
        self.session.close()


@dataclass
class Clients:
    """The SDK's clients that a deployment uses."""

    resource: Any
    web: Any
    storage: Any
    msi: Any
    authorization: Any
    registries: Any


def open_cloud(sandbox: Sandbox) -> Cloud:
    session = requests.Session()
    # Not this machine's own settings: a CA bundle in the environment would win over ours.
    session.trust_env = False
    session.verify = str(sandbox.endpoints.ca_file)
    return Cloud(sandbox, session, [])


@pytest.fixture
def make_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Cloud]]:
    """Makes clouds with options for `Sandbox`."""
    made: list[Cloud] = []

    def make(**options: Any) -> Cloud:
        folder = tmp_path_factory.mktemp("cloud")
        made.append(open_cloud(Sandbox(folder, **{"data_plane": fake_data_plane, **options}).start()))
        return made[-1]

    yield make
    for cloud in made:
        cloud.close()
        cloud.sandbox.stop()


@pytest.fixture(scope="session")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Registries:
    """What the shared sandbox's registries hold. Use repositories of your own."""
    return Registries(tmp_path_factory.mktemp("registries"))


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory, registries: Registries) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("shared"), data_plane=registries.data_plane) as sandbox:
        yield sandbox


@pytest.fixture
def cloud(shared_sandbox: Sandbox) -> Iterator[Cloud]:
    """The shared sandbox, as new: whatever a test switches or makes is undone."""
    cloud = open_cloud(shared_sandbox)
    yield cloud
    cloud.close()
    put_back(cloud)


def put_back(cloud: Cloud) -> None:
    sandbox, client = cloud.sandbox, cloud.sandbox.endpoints.client_id
    sandbox.faults.clear()
    sandbox.directory.token_lifetime = 3600
    github = sandbox.github_oidc
    github.issue_expired, github.available, github.environment, github.ref = False, True, None, "refs/heads/main"
    github.immutable, github.event = False, "push"
    sandbox.directory.remove_federated_credentials(client)
    for issuer in (github, sandbox.azure_devops):
        sandbox.directory.add_federated_credential(client, FederatedCredential(issuer.issuer, issuer.subject))
    for group in sandbox.arm.groups.list():
        if group.name != SHARED_GROUP:
            sandbox.arm.store.remove_group(group.id)
            sandbox.arm.groups.remove(group.name)
    for namespace in NAMESPACES:
        sandbox.arm.providers.register(namespace)
    cloud.apps.forget()
    sandbox.journal.clear()


@pytest.fixture
def clients(cloud: Cloud) -> Clients:
    return Clients(
        cloud.client(ResourceManagementClient),
        cloud.client(WebSiteManagementClient),
        cloud.client(StorageManagementClient),
        cloud.client(ManagedServiceIdentityClient),
        cloud.client(AuthorizationManagementClient),
        cloud.client(ContainerRegistryManagementClient),
    )
