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
from functions_model.core.references import ImageReference, canonical_json
from functions_model.core.work import silent
from functions_model.image.manifests import OCI_INDEX
from functions_model.registry import How, find_manifest, pull_base
from functions_model.registry.access import Access, EntraExchange
from functions_model.registry.client import RegistryClient
from functions_model.registry.contents import Sort, read_contents, remove_manifest
from functions_model.registry.retagging import retag
from functions_model.registry.tags import Acr, TagAttributes, find_tag, remove_tag
from functions_model.registry.upload import Upload, put_manifest
from support.images import image_on, push_base, push_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AUDIENCE = "https://containerregistry.azure.net"
REGISTRY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso"
PULL, PUSH = "7f951dda-4ed3-4680-a7ca-43fe172d538d", "8311e382-0749-4cb8-b61a-304f252e45ec"
DELETE, OWNER = "c2f4ef07-c644-48eb-af81-4b1b4947fb11", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
HELD = {
    "pusher": {PULL, PUSH},
    "reader": {PULL},
    "stranger": set[str](),
    "deleter": {PULL, DELETE},
    "owner": {OWNER},
}
"""The roles of each login."""


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
    tenant = Tenant({who: frozenset(roles) for who, roles in HELD.items()})
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
        with pytest.raises(RegistryFailed, match="SSL_CERT_FILE"):
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


class TestContents:
    """What is in a repository, and its removal, through Azure's SDK."""

    @pytest.fixture
    def place(self, live: Live, tmp_path: Path) -> ImageReference:
        """A repository with an image that is tagged twice."""
        client = live.client(PUSHER)
        base = push_base(client, ImageReference(live.host, "base", "4"), tmp_path)
        image, name = image_on(pull_base(client, base), tmp_path), tmp_path.name.replace("_", "-").lower()
        for tag in ("v1", "v2"):
            push_image(client, image, ImageReference(live.host, name, tag), base_client=client)
        return ImageReference(live.host, name, None, image.digest)

    def test_each_manifest_is_told_with_its_tags(self, live: Live, place: ImageReference) -> None:
        """What carries no label of ours is something else."""
        [found] = read_contents(live.acr("reader"), live.client(PUSHER), place.repository)

        assert (place.digest, ("v1", "v2"), False, Sort.OTHER) == (found.digest, found.tags, found.locked, found.sort)
        assert found.created.tzinfo is not None
        assert () == read_contents(live.acr(), live.client(PUSHER), "nothing-there")

    def test_a_long_list_is_read_to_its_end(self, live: Live) -> None:
        """The registry gives a hundred entries at a time."""
        client = live.client(PUSHER)
        for number in range(101):
            content = canonical_json({"schemaVersion": 2, "annotations": {"n": str(number)}, "manifests": []})
            put_manifest(Upload.begin(client, Access("long", push=True), silent), content, OCI_INDEX)

        assert 101 == len(read_contents(live.acr(), client, "long"))

    def test_a_lock_of_a_tag_counts_for_its_image(self, live: Live, place: ImageReference) -> None:
        """The list of manifests does not tell it."""
        with live.acr("owner").asking("lock", "", "") as sdk:
            sdk.update_tag_properties(place.repository, "v2", can_delete=False)
        [found] = read_contents(live.acr(), live.client(PUSHER), place.repository)

        assert found.locked
        with pytest.raises(RegistryFailed, match="it is locked"):
            remove_manifest(live.acr("owner"), place.repository, found.digest)

    def test_who_may_delete_removes_it_with_its_tags(self, live: Live, place: ImageReference) -> None:
        """AcrDelete beside what pushes, and nothing more; gone is gone."""
        assert place.digest is not None

        assert remove_manifest(live.acr("deleter"), place.repository, place.digest)
        assert None is find_manifest(live.client(PUSHER), place)
        assert remove_manifest(live.acr("deleter"), place.repository, place.digest)

    def test_who_may_not_is_told_the_role(self, live: Live, place: ImageReference) -> None:
        """AcrPush writes, and deletes nothing."""
        assert place.digest is not None
        with pytest.raises(RegistryFailed, match=r"Could not remove the old image .*401\. .*needs AcrDelete"):
            remove_manifest(live.acr("pusher"), place.repository, place.digest)
        assert place.digest == find_manifest(live.client(PUSHER), place)

    def test_what_is_live_by_now_stays(self, live: Live, place: ImageReference) -> None:
        """It is looked at right before."""
        retag(live.client(PUSHER), place, "live-0123456789ab")
        assert place.digest is not None

        assert not remove_manifest(live.acr("deleter"), place.repository, place.digest)
        assert place.digest == find_manifest(live.client(PUSHER), place)

    def test_a_live_tag_is_removed_alone(self, live: Live, place: ImageReference) -> None:
        """The image stays, and so do its other tags."""
        retag(live.client(PUSHER), place, "live-0123456789ab")
        remove_tag(live.acr("deleter"), place.repository, "live-0123456789ab")
        [found] = read_contents(live.acr(), live.client(PUSHER), place.repository)

        assert ("v1", "v2") == found.tags
