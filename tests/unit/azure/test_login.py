"""Tokens: one request each, masked, and a refusal explained."""

from __future__ import annotations

import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from azure.core.credentials import AccessTokenInfo
from azure.core.pipeline.transport import RequestsTransport

from functions_model.azure.cloud import AZURE_CLOUD
from functions_model.azure.login import MaskingCredential, credential_for, warm_up
from functions_model.core.failures import LoginFailed
from functions_model.core.secrets import Login, Secret
from support.ci import RecordingCi
from support.fake_arm import Answer, Asked, session_for

LOGIN = Login("tenant-1", "client-1", None, "api://AzureADTokenExchange", "AzureCloud")


def jwt(**claims: str) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{body}."


class FakeCi(RecordingCi):
    """A CI host that gives identity tokens."""

    def __init__(self, *, has_identity: bool = True) -> None:
        super().__init__(has_identity=has_identity)
        self.audiences: list[str] = []

    def identity_token(self, audience: str) -> str:
        self.audiences.append(audience)
        return jwt(iss="https://issuer.test", sub="repo:contoso/models:ref:refs/heads/main", aud=audience)


class Inner:
    """A caching credential, as the SDK's are, that counts its requests."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, ...]] = []
        self._cache: dict[tuple[str, ...], AccessTokenInfo] = {}

    def close(self) -> None:
        """Nothing is open."""

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        if scopes not in self._cache:
            time.sleep(0.02)
            self.requests.append(scopes)
            self._cache[scopes] = AccessTokenInfo(f"token-{len(self.requests)}", 2**31)
        return self._cache[scopes]


def entra(answer: Answer) -> dict[str, Any]:
    """Options for a credential whose every request to Entra is answered so."""
    return {
        "transport": RequestsTransport(session=session_for(lambda _: answer), session_owner=False),
        "retry_total": 0,
    }


def refused(message: str) -> LoginFailed:
    """The failure when Entra refuses the job's identity token, through the SDK's own credential."""
    answer = Answer(401, {"error": "invalid_client", "error_description": message})
    credential = credential_for(LOGIN, AZURE_CLOUD, FakeCi(), options=entra(answer))
    with pytest.raises(LoginFailed) as caught:
        credential.get_token("https://x/.default")
    return caught.value


def masking(inner: Inner, ci: FakeCi) -> MaskingCredential:
    return MaskingCredential(lambda: inner, ci.mask, lambda exc: LoginFailed("log in to Azure", str(exc), "Retry."))


class TestTokens:
    def test_are_fetched_once_for_many_threads(self) -> None:
        """Eight threads that start cold cause one request."""
        inner = Inner()
        credential = masking(inner, FakeCi())
        barrier = threading.Barrier(8)

        def ask(_: int) -> str:
            barrier.wait()
            return credential.get_token("scope").token

        with ThreadPoolExecutor(8) as threads:
            tokens = set(threads.map(ask, range(8)))

        assert {"token-1"} == tokens
        assert [("scope",)] == inner.requests

    def test_are_masked_once_each(self) -> None:
        """Each token is masked as soon as it exists, and not again each time it is used."""
        ci = FakeCi()
        credential = masking(Inner(), ci)

        warm_up(credential, ["one", "two"])
        credential.get_token("one")

        assert {"token-1", "token-2"} == set(ci.masked)
        assert 2 == len(ci.masked)

    def test_mask_the_client_secret(self) -> None:
        """A client secret is masked before the first request."""
        ci = FakeCi()
        login = Login("tenant-1", "client-1", Secret("hush"), "a", "AzureCloud")

        credential_for(login, AZURE_CLOUD, ci)

        assert ["hush"] == ci.masked

    def test_ask_for_an_identity_token_when_one_is_needed(self) -> None:
        """The CI host's identity token is asked for per token request and audience, not before, and not twice."""
        ci = FakeCi()
        answer = Answer(200, {"access_token": "made", "expires_in": 3600, "token_type": "Bearer"})
        credential = credential_for(LOGIN, AZURE_CLOUD, ci, options=entra(answer))
        before = list(ci.audiences)

        warm_up(credential, ["https://one/.default", "https://two/.default"])
        credential.get_token("https://one/.default")

        assert [] == before
        assert ["api://AzureADTokenExchange"] * 2 == ci.audiences
        assert ["made"] == ci.masked

    def test_pass_on_what_the_ci_host_says(self) -> None:
        """A CI host that gives no identity token tells why in its own words."""

        class Mute(FakeCi):
            def identity_token(self, audience: str) -> str:
                raise LoginFailed("get an identity token", "the runner has none", "Grant `id-token: write`.")

        with pytest.raises(LoginFailed, match="the runner has none"):
            credential_for(LOGIN, AZURE_CLOUD, Mute()).get_token("https://x/.default")


class TestRefusals:
    def test_without_identity_or_secret_name_the_permission(self) -> None:
        """A job without an identity token is told of `id-token: write` and of forks."""
        with pytest.raises(LoginFailed, match=r"`permissions: id-token: write`.*fork"):
            credential_for(LOGIN, AZURE_CLOUD, FakeCi(has_identity=False))

    @pytest.mark.parametrize(
        ("message", "reason", "remedy"),
        [
            ("AADSTS700016: Application not found", "no application `client-1` in the tenant `tenant-1`", "client-id"),
            ("AADSTS700024: not within its valid time", "has expired, or is not valid yet", "Run the job again"),
            ("AADSTS7000215: Invalid client secret", "client secret is wrong", "not its ID"),
            ("AADSTS7000222: expired keys", "client secret has expired", "Make a new secret"),
            ("AADSTS90002: Tenant not found", "no tenant `tenant-1`", "tenant-id"),
            ("AADSTS53003: blocked by policy", "blocked by policy", "error?code=53003"),
        ],
    )
    def test_are_explained_by_their_code(self, message: str, reason: str, remedy: str) -> None:
        """Each code that people meet has its meaning and its remedy; any other names where to look it up."""
        failure = refused(message)

        assert reason in failure.reason
        assert remedy in failure.remedy

    @pytest.mark.parametrize(
        ("code", "what"),
        [
            ("700211", "matches this job"),
            ("700212", "is for the audience of this job's token"),
            ("700213", "matches this job"),
            ("70021", "matches this job"),
        ],
    )
    def test_show_the_federated_credential_to_create(self, code: str, what: str) -> None:
        """When no federated credential matches, the token's own claims are shown as the one that would."""
        failure = refused(f"AADSTS{code}: No matching federated identity record found")

        assert f"no federated credential of the application `client-1` {what}" in failure.reason
        assert '"subject": "repo:contoso/models:ref:refs/heads/main"' in failure.detail
        assert '"issuer": "https://issuer.test"' in failure.detail
        assert "signature" not in failure.detail

    def test_of_the_network_name_the_authority(self) -> None:
        """When Entra cannot be reached the message says where it was looked for."""

        def broken(_: Asked) -> Answer:
            raise requests.ConnectionError(ConnectionRefusedError(111, "Connection refused"))

        transport = RequestsTransport(session=session_for(broken), session_owner=False)
        credential = credential_for(LOGIN, AZURE_CLOUD, FakeCi(), options={"transport": transport, "retry_total": 0})

        with pytest.raises(LoginFailed, match=r"`login.microsoftonline.com` broke \(Connection refused\)"):
            warm_up(credential, ["scope"])

    @pytest.mark.parametrize("code", ["1", "7000215"])
    def test_have_trace_ids_among_the_details(self, code: str) -> None:
        """What changes from run to run is no part of the message, and what support asks for is not lost."""
        failure = refused(f"AADSTS{code}: bad Trace ID: 1 Correlation ID: 2 Timestamp: 3")

        assert "Trace" not in str(failure)
        assert "For Microsoft's support: Trace ID: 1 Correlation ID: 2 Timestamp: 3" in failure.detail.splitlines()
