"""Tokens: which are asked for, how long they are kept, and that they stay unseen."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import ImageReference
from functions_model.core.secrets import RegistryLogin, Secret
from functions_model.registry import find_manifest
from functions_model.registry.access import Access, EntraExchange
from functions_model.registry.client import RegistryClient
from functions_model.registry.tokens import Challenge, life_of, parse_challenge
from support.images import push_image
from support.registry_server import EXPIRE, Fault

if TYPE_CHECKING:
    from functions_model.registry import PushedImage

    from .conftest import World

ENTRA = EntraExchange(lambda: "entra-token")


class Asking(HTTPAdapter):
    """In the place of a registry: answers every request with a challenge."""

    def __init__(self, challenge: str) -> None:
        super().__init__()
        self._challenge = challenge

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = 401, request, str(request.url)
        answer.headers["WWW-Authenticate"] = self._challenge
        answer.raw = io.BytesIO()
        return answer


def push(world: World, credential: object) -> PushedImage:
    client = world.client(credential)
    return push_image(client, world.image, world.target, base_client=client)


class TestEntra:
    def test_one_exchange_and_one_token_serve_a_push(self, world: World) -> None:
        """The token covers the target and the repository that is mounted from."""
        world.server.auth = "bearer"
        push(world, ENTRA)
        exchange, token, *base = [dict(form) for form in world.server.token_forms]

        assert ("access_token", "svc", "entra-token") == (
            exchange["grant_type"],
            exchange["service"],
            exchange["access_token"],
        )
        assert "repository:package:pull,push repository:base:pull" == token["scope"]
        assert [] == base

    def test_nothing_changed_costs_two_token_calls_and_one_question(self, world: World) -> None:
        """No request is sent in vain; the first one only finds out how a local registry speaks."""
        world.server.auth = "bearer"
        push(world, ENTRA)
        world.server.seen.clear()
        pushed = push(world, ENTRA)

        assert ["/v2/", "/oauth2/exchange", "/oauth2/token", "/v2/package/manifests/v1"] == [
            seen.path for seen in world.server.seen
        ]
        assert 4 == pushed.requests
        assert 0 == pushed.bytes_sent

    def test_a_token_for_more_serves_for_less(self, world: World) -> None:
        """What may be pushed to may be read, and so may what is mounted from."""
        world.server.auth = "bearer"
        client = world.client(ENTRA)
        push_image(client, world.image, world.target, base_client=client)
        before = len(world.server.token_forms)
        find_manifest(client, world.target)
        find_manifest(client, world.image.base.reference)

        assert 2 == before == len(world.server.token_forms)

    def test_a_repository_that_may_not_be_mounted_from_stops_nothing(self, world: World) -> None:
        """A token service that refuses all for the sake of one is asked for the target alone."""
        world.server.auth = "bearer"
        world.server.faults.append(Fault("POST", "/oauth2/token", 403))
        push(world, ENTRA)
        scopes = [dict(form).get("scope") for form in world.server.token_forms]

        assert [None, "repository:package:pull,push"] == scopes[:2]
        assert ("package", "v1") in world.server.manifests

    def test_every_token_is_masked(self, world: World) -> None:
        """Both the refresh token and the access token, before they are used."""
        world.server.auth = "bearer"
        push(world, ENTRA)

        assert ["token-1", "token-2"] == world.masked


class TestLife:
    def test_a_token_is_kept_for_four_fifths_of_its_life(self, world: World) -> None:
        """Then a new one is asked for, before the old one ends."""
        world.server.auth, world.server.expires_in = "bearer", 1000
        client = world.client()
        for later in (0, 799, 2):
            world.time.now += later
            find_manifest(client, world.target)

        assert 2 == len(world.server.token_forms)

    def test_a_token_that_ends_in_mid_upload_is_replaced(self, world: World) -> None:
        """A new token, and the whole blob again."""
        world.server.auth = "bearer"
        world.server.faults.append(Fault("PATCH", "uploads", EXPIRE))
        push(world, ENTRA)

        assert ("package", "v1") in world.server.manifests
        assert 3 <= len(world.server.token_forms)

    def test_the_life_of_a_json_web_token_is_read(self) -> None:
        """Azure's answer does not say it otherwise: 75 minutes."""
        payload = base64.urlsafe_b64encode(json.dumps({"iat": 1000, "exp": 5500}).encode()).decode().rstrip("=")

        assert 4500.0 == life_of(f"eyJh.{payload}.c2ln")
        assert None is life_of("opaque")


class TestPassword:
    """A user name and a password, for one registry alone."""

    def test_is_shown_to_the_token_service_alone(self, world: World) -> None:
        """The registry says where that is; it gets the token."""
        world.server.auth = "bearer"
        find_manifest(world.client(RegistryLogin("reader", Secret("their-password"))), world.target)
        shown = {seen.path: seen.authorization for seen in world.server.seen}
        pair = base64.b64encode(b"reader:their-password").decode()

        assert ["token-1"] == world.masked
        assert f"Basic {pair}" == shown["/oauth2/token"]
        assert "Bearer token-1" == shown["/v2/package/manifests/v1"]


class TestOthers:
    def test_an_open_registry_is_never_asked_for_a_token(self, world: World) -> None:
        """Nor is one sent."""
        push(world, None)

        assert [] == world.server.token_forms
        assert {""} == {seen.authorization for seen in world.server.seen}

    def test_a_public_repository_needs_an_anonymous_token(self, world: World) -> None:
        """As on the registries that give tokens to everybody."""
        world.server.auth = "bearer"
        find_manifest(world.client(), world.target)

        assert [[("service", "svc"), ("scope", "repository:package:pull")]] == world.server.token_forms

    def test_a_registry_that_wants_a_password_gets_nothing(self, world: World) -> None:
        """There is none to give; the failure says so."""
        world.server.auth = "basic"

        with pytest.raises(RegistryFailed, match="uses no login for registries outside Azure"):
            find_manifest(world.client(), world.target)
        assert {""} == {seen.authorization for seen in world.server.seen}


class TestRealm:
    """Where a registry says that tokens are to be had."""

    def test_elsewhere_gets_no_proof(self, world: World) -> None:
        """The exchange of an Entra token happens at the registry itself, whatever its answer names."""
        world.server.auth, world.server.realm = "bearer", "http://127.0.0.1:1/oauth2/token"
        push(world, ENTRA)

        assert {"/oauth2/exchange", "/oauth2/token"} == {
            seen.path for seen in world.server.seen if seen.path.startswith("/oauth2/")
        }

    @pytest.mark.parametrize("realm", ["http://127.0.0.1:{port}/oauth2/token", "http://tokens.test/token"])
    def test_without_encryption_is_refused(self, world: World, realm: str) -> None:
        """Plain http is for registries of this machine: one elsewhere does not point at this machine's services."""
        realm = realm.format(port=world.server.host.rpartition(":")[2])
        session = requests.Session()
        session.mount("https://contoso.test/", Asking(f'Bearer realm="{realm}",service="s"'))
        client = RegistryClient("contoso.test", session=session, sleep=world.time.sleep)

        with pytest.raises(RegistryFailed, match="without encryption"):
            find_manifest(client, ImageReference("contoso.test", "package", "v1"))
        assert [] == world.server.seen


class TestParsing:
    def test_challenges_are_parsed(self) -> None:
        """Commas within quotes belong to the value."""
        header = (
            'Bearer realm="https://x.azurecr.io/oauth2/token",service="x.azurecr.io",scope="repository:r:pull,push"'
        )

        assert Challenge("https://x.azurecr.io/oauth2/token", "x.azurecr.io") == parse_challenge(header)
        assert None is parse_challenge('Basic realm="x"')
        assert None is parse_challenge("Negotiate")
        assert None is parse_challenge("")

    def test_scopes_name_each_repository_once(self) -> None:
        """The target with push, the others with pull."""
        access = Access("package", push=True, mount_from=("base", "package", "base"))

        assert ("repository:package:pull,push", "repository:base:pull") == access.scopes
