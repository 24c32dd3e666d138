"""The registry client, and Azure's SDK, against the sandbox's Azure Container Registry."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.core.credentials import AccessToken

from azure_sandbox.certificates import TlsFiles, make_certificates
from azure_sandbox.contract import Principal, RegistryDefinition, TokenRefused
from azure_sandbox.registry.content import ContentStore
from azure_sandbox.registry.server import registry_app
from azure_sandbox.web import WebServer
from functions_model.core.failures import RegistryFailed
from functions_model.core.references import ImageReference
from functions_model.registry import How, find_manifest, pull_base
from functions_model.registry.access import EntraExchange
from functions_model.registry.client import RegistryClient
from functions_model.registry.tags import Acr, TagAttributes, find_tag
from support.images import image_on, push_base, push_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AUDIENCE = "https://containerregistry.azure.net"
REGISTRY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso"
PULL, PUSH = "7f951dda-4ed3-4680-a7ca-43fe172d538d", "8311e382-0749-4cb8-b61a-304f252e45ec"


@dataclass
class Tenant:
    """Directory and role assignments in one: a token is the principal's name."""

    held: dict[str, frozenset[str]] = field(default_factory=dict)
    tenant_id: str = "tenant"

    def principal_of_token(self, access_token: str, audience: str) -> Principal:
        if access_token not in self.held or audience != AUDIENCE:
            raise TokenRefused("nobody has this token")
        return Principal(access_token, access_token, access_token)

    def issue_token(self, client_id: str, audience: str) -> str:
        return client_id

    def principal_of_client(self, client_id: str) -> Principal | None:
        return Principal(client_id, client_id, client_id) if client_id in self.held else None

    def roles(self, object_id: str, scope: str) -> frozenset[str]:
        return self.held[object_id]

    def permits(self, object_id: str, permission: str, scope: str, *, data: bool) -> bool:
        return False


@dataclass(frozen=True)
class _Login:
    """A credential of Entra's, whose token is the principal's name."""

    who: str

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(self.who, int(time.time()) + 3600)


@dataclass
class Live:
    """A registry that runs."""

    host: str
    tls: TlsFiles

    def client(self, credential: Any) -> RegistryClient:
        session = requests.Session()
        session.trust_env = False  # a REQUESTS_CA_BUNDLE of this machine would win over `verify`
        session.verify = str(self.tls.ca_file)
        return RegistryClient(self.host, credential, session=session, sleep=lambda _: None)

    def acr(self, who: str = "pusher") -> Acr:
        return Acr(self.host, _Login(who), AUDIENCE, lambda: {"connection_verify": str(self.tls.ca_file)})

    def find(self, tag: str) -> TagAttributes | None:
        return find_tag(self.acr(), "package", tag)


PUSHER = EntraExchange(lambda: "pusher")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    tenant = Tenant({"pusher": frozenset({PULL, PUSH}), "reader": frozenset({PULL}), "stranger": frozenset()})
    tls = make_certificates(tmp_path_factory.mktemp("tls"))
    definitions: list[RegistryDefinition] = []
    app = registry_app(lambda: definitions[0], ContentStore(tmp_path_factory.mktemp("acr")), tenant, tenant)
    with WebServer(app, tls=tls) as server:
        definitions.append(RegistryDefinition(REGISTRY, "contoso", server.authority, admin=("contoso", "password")))
        yield Live(server.authority, tls)


class TestPush:
    def test_an_image_is_pushed_and_pushed_again_for_nothing(self, live: Live, tmp_path: Path) -> None:
        """The base is mounted, our layers are sent, and the second push asks one question."""
        client = live.client(PUSHER)
        base = push_base(client, ImageReference(live.host, "base", "4"), tmp_path)
        target = ImageReference(live.host, "package-again", "v1")
        image = image_on(pull_base(client, base), tmp_path)
        first = push_image(client, image, target, base_client=client)
        again = push_image(live.client(PUSHER), image, target, base_client=client)

        assert {"base layer 1": How.MOUNTED, "model": How.SENT, "code": How.SENT, "config": How.SENT} == {
            blob.name: blob.how for blob in first.blobs
        }
        assert image.digest == find_manifest(client, target)
        assert (0, False) == (again.bytes_sent, again.manifest_written)
        assert again.requests <= 4

    @pytest.mark.parametrize("who", ["reader", "stranger"])
    def test_who_lacks_a_role_is_refused(self, live: Live, who: str, tmp_path: Path) -> None:
        """Nothing is written, and the failure tells what is missing."""
        base = push_base(live.client(PUSHER), ImageReference(live.host, "base", "4"), tmp_path)
        client = live.client(EntraExchange(lambda: who))
        image = image_on(pull_base(live.client(PUSHER), base), tmp_path)
        target = ImageReference(live.host, "forbidden", "v1")

        with pytest.raises(RegistryFailed, match=r"answered 40[13].*may write to `forbidden`"):
            push_image(client, image, target, base_client=client)
        assert None is find_manifest(live.client(PUSHER), target)

    def test_a_token_that_entra_did_not_give_is_refused(self, live: Live) -> None:
        """The exchange is where it ends."""
        client = live.client(EntraExchange(lambda: "forged"))

        with pytest.raises(RegistryFailed, match="Could not get a token for"):
            find_manifest(client, ImageReference(live.host, "package", "v1"))

    def test_a_certificate_that_is_not_trusted_is_told(self, live: Live) -> None:
        """A local registry that speaks https is never spoken to without it."""
        with pytest.raises(RegistryFailed, match="REQUESTS_CA_BUNDLE"):
            find_manifest(RegistryClient(live.host, PUSHER), ImageReference(live.host, "package", "v1"))


class TestTags:
    def test_a_tag_is_found_and_listed_through_the_sdk(self, live: Live, tmp_path: Path) -> None:
        """What the registry knows of a tag is what was pushed."""
        client = live.client(PUSHER)
        base = push_base(client, ImageReference(live.host, "base", "4"), tmp_path)
        image = image_on(pull_base(client, base), tmp_path)
        for tag in ("v1", "v2"):
            push_image(client, image, ImageReference(live.host, "package", tag), base_client=client)
        found = live.find("v1")

        assert found is not None
        assert (image.digest, False) == (found.digest, found.locked)
        assert None is live.find("v3")
