"""A registry that runs, and what tests send to it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import httpx

from azure_sandbox.contract import RegistryDefinition
from azure_sandbox.faults import Faults
from azure_sandbox.faulty import Faulty
from azure_sandbox.registry.content import ContentStore
from azure_sandbox.registry.server import registry_app
from azure_sandbox.web import WebServer

from .conftest import REGISTRY_AUDIENCE, REGISTRY_ID, trust
from .images import MANIFEST_TYPE, digest_of, image_of, tar_of

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.contract import Principal

    from .conftest import FakeDirectory, FakeRoles

PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
PUSH = "8311e382-0749-4cb8-b61a-304f252e45ec"
DELETE = "c2f4ef07-c644-48eb-af81-4b1b4947fb11"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
REPOSITORY_WRITER = "2a1e307c-b015-4ebd-883e-5b7698a07328"
BLOB = b"some bytes " * 1000


class Live:
    """A registry that runs, with clients for it."""

    def __init__(self, root: Path, directory: FakeDirectory, roles: FakeRoles, tls: TlsFiles) -> None:
        self.directory, self.roles, self.tls = directory, roles, tls
        self.now = 1_900_000_000.0
        self.store = ContentStore(root)
        self.faults = Faults()
        app = registry_app(
            lambda: self.definition,
            self.store,
            directory,
            roles,
            clock=lambda: self.now,
            generation=lambda: self.faults.token_generation,
        )
        self.server = WebServer(Faulty(app, self.faults, "registry"), tls=tls).start()
        self.host = self.server.authority
        self.definition = RegistryDefinition(REGISTRY_ID, "contoso", self.host)
        self.trust = trust(tls)
        self.http = httpx.Client(base_url=self.server.url, verify=self.trust)
        self.clients = [self.http]

    def change(self, **fields: Any) -> None:
        self.definition = dataclasses.replace(self.definition, **fields)

    def who(self, name: str, *held: str) -> Principal:
        principal = self.directory.add(name)
        for role in held:
            self.roles.give(principal, REGISTRY_ID, role)
        return principal

    def refresh(self, principal: Principal, audience: str = REGISTRY_AUDIENCE) -> httpx.Response:
        token = self.directory.issue_token(principal.client_id, audience)
        form = {"grant_type": "access_token", "service": self.host, "access_token": token}
        return self.http.post("/oauth2/exchange", data=form)

    def login(self, principal: Principal, *scopes: str) -> httpx.Client:
        refresh = self.refresh(principal).json()["refresh_token"]
        form = {"grant_type": "refresh_token", "service": self.host, "scope": list(scopes), "refresh_token": refresh}
        token = self.http.post("/oauth2/token", data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        client = httpx.Client(base_url=self.server.url, verify=self.trust, headers=headers)
        self.clients.append(client)
        return client

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.server.stop()


def push_blob(client: httpx.Client, repository: str, content: bytes) -> httpx.Response:
    location = client.post(f"/v2/{repository}/blobs/uploads/").headers["location"]
    location = client.patch(location, content=content).headers["location"]
    return client.put(f"{location}&digest={digest_of(content)}")


def push_image(client: httpx.Client, repository: str, tag: str) -> str:
    manifest, blobs = image_of([tar_of({"a.txt": "a"})])
    for content in blobs.values():
        push_blob(client, repository, content)
    client.put(f"/v2/{repository}/manifests/{tag}", content=manifest, headers={"Content-Type": MANIFEST_TYPE})
    return digest_of(manifest)
