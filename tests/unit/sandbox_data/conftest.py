"""Fakes of the control plane, and certificates, for the data plane's own tests."""

from __future__ import annotations

import ssl
import threading
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.arm.authorization.definitions import ROLES
from azure_sandbox.certificates import TlsFiles, make_certificates
from azure_sandbox.contract import Principal, TokenRefused
from azure_sandbox.networks import NamespaceDoor
from azure_sandbox.storage_contract import AccountRules
from azure_sandbox.storage_gate import StorageJudge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.storage_gate.judge import Request
    from azure_sandbox.storage_gate.refusals import Refusal

    from .live_registry import Live

SUBSCRIPTION = "/subscriptions/6c1a8d0e-0000-4000-8000-000000000001"
REGISTRY_ID = f"{SUBSCRIPTION}/resourceGroups/shared/providers/Microsoft.ContainerRegistry/registries/contoso"
REGISTRY_AUDIENCE = "https://containerregistry.azure.net"


def trust(tls: TlsFiles) -> ssl.SSLContext:
    """What an httpx client needs to trust the sandbox."""
    return ssl.create_default_context(cafile=tls.ca_file)


class FakeDirectory:
    """Entra, where a token is `<client id>|<audience>`."""

    tenant_id = "6c1a8d0e-0000-4000-8000-000000000002"

    def __init__(self) -> None:
        self.principals: dict[str, Principal] = {}

    def add(self, name: str) -> Principal:
        principal = Principal(object_id=f"object-{name}", client_id=f"client-{name}", display_name=name)
        self.principals[principal.client_id] = principal
        return principal

    def principal_of_token(self, access_token: str, audience: str) -> Principal:
        client, _, given = access_token.partition("|")
        if given.rstrip("/") != audience.rstrip("/"):
            raise TokenRefused(f"the token is for {given}")
        found = self.principals.get(client)
        if found is None:
            raise TokenRefused("nobody has this token")
        return found

    def issue_token(self, client_id: str, audience: str) -> str:
        return f"{client_id}|{audience}"

    def principal_of_client(self, client_id: str) -> Principal | None:
        return self.principals.get(client_id)


class FakeRoles:
    """Role assignments as a set of (object id, scope, role)."""

    def __init__(self) -> None:
        self._given: set[tuple[str, str, str]] = set()
        self._lock = threading.Lock()

    def give(self, principal: Principal, scope: str, role: str) -> None:
        with self._lock:
            self._given.add((principal.object_id, scope.lower(), role.lower()))

    def take(self, principal: Principal, scope: str, role: str) -> None:
        with self._lock:
            self._given.discard((principal.object_id, scope.lower(), role.lower()))

    def roles(self, object_id: str, scope: str) -> frozenset[str]:
        with self._lock:
            return frozenset(
                role for who, where, role in self._given if who == object_id and scope.lower().startswith(where)
            )

    def permits(self, object_id: str, permission: str, scope: str, *, data: bool) -> bool:
        held = [ROLES[role] for role in self.roles(object_id, scope)]
        return any(role.allows_data(permission) if data else role.allows(permission) for role in held)


class FakeLaw:
    """What holds for storage accounts: everything is open, but for what a test says."""

    def __init__(self) -> None:
        self.changed: dict[str, AccountRules] = {}
        self.subnets: dict[str, str] = {}

    def rules(self, account: str) -> AccountRules:
        return self.changed.get(account) or AccountRules(account_id(account), public_blobs=True)

    def subnet_of(self, app: str) -> str:
        return self.subnets.get(app, "")


class OpenDoor:
    """Service Bus namespaces that let everybody in, at first."""

    def __init__(self) -> None:
        self.let_in = NamespaceDoor()
        self.subnets: dict[str, str] = {}

    def door(self, namespace: str) -> NamespaceDoor:
        return self.let_in

    def subnet_of(self, app: str) -> str:
        return self.subnets.get(app, "")


class Court:
    """Judges for the accounts of all tests, which live on, by the law and the roles of one of them."""

    def __init__(self) -> None:
        self.law, self.directory, self.roles = FakeLaw(), FakeDirectory(), FakeRoles()

    def decide(self, request: Request) -> Refusal | None:
        return StorageJudge(lambda: self.law, self.directory, self.roles).decide(request)


def account_id(name: str) -> str:
    return f"{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/{name}"


@pytest.fixture(scope="session")
def court() -> Court:
    return Court()


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def directory() -> FakeDirectory:
    return FakeDirectory()


@pytest.fixture
def roles() -> FakeRoles:
    return FakeRoles()


@pytest.fixture(scope="session")
def azurite(tls: TlsFiles, court: Court, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    from azure_sandbox.storage import AzuriteStorage

    storage = AzuriteStorage(tmp_path_factory.mktemp("azurite"), tls, court.decide, FakeDirectory.tenant_id)
    yield storage
    storage.close()


@pytest.fixture
def live(tmp_path: Path, directory: FakeDirectory, roles: FakeRoles, tls: TlsFiles) -> Iterator[Live]:
    from .live_registry import Live

    registry = Live(tmp_path / "registry", directory, roles, tls)
    yield registry
    registry.close()
