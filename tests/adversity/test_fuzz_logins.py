"""Answers to those who log in, as nobody wrote them: of a CI host, of Entra ID, of a machine, of `az`, of a cloud."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import AZURE_CLOUD, description_in, resolve_cloud
from functions_model.azure.login import credential_for
from functions_model.azure.sending import LoginTransport
from functions_model.ci.azure_pipelines import pipeline_endpoint
from functions_model.ci.github import token_endpoint
from functions_model.ci.identity import JobIdentity
from functions_model.core.answers import Said
from functions_model.core.secrets import Login, LoginKind, Secret
from support.ci import RecordingCi
from support.fake_arm import Answer, Asked, session_for
from support.fuzzing import Oddity, a_failure_at_most, answers, bodies, documents, fuzzed, near, oddities, session_with

if TYPE_CHECKING:
    from pathlib import Path

ENDPOINTS = {
    "github": (
        token_endpoint(
            {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://oidc.test/t?v=2", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "access"}
        ),
        {"count": 1, "value": "a.b.c"},
    ),
    "azure-pipelines": (
        pipeline_endpoint(
            {
                "SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/contoso/oidctoken",
                "SYSTEM_ACCESSTOKEN": "access",
                "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "11111111-2222-3333-4444-555555555555",
            }
        ),
        {"oidcToken": "a.b.c"},
    ),
}


@pytest.mark.parametrize("host", ENDPOINTS)
@given(data=st.data())
@fuzzed(40)
def test_any_identity_token_is_one_or_told(host: str, data: st.DataObject) -> None:
    """What a CI host answers: one line that a header can carry, masked, or a failure."""
    endpoint, valid = ENDPOINTS[host]
    some = data.draw(st.lists(answers(valid), min_size=1, max_size=3))
    masked: list[str] = []
    with a_failure_at_most():
        identity = JobIdentity(endpoint, pause=lambda _: None, session=lambda: session_with(some))
        token = identity.token("api://x", masked.append)
        assert token.isascii()
        assert token.isprintable()
        assert token in masked


def token_of(claims: Any) -> str:
    """A JSON web token with those claims, or with those bytes in their place."""
    content = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return f"eyJhbGciOiJub25lIn0.{base64.urlsafe_b64encode(content).decode().rstrip('=')}.x"


CLAIMS = {"iss": "https://issuer.test", "sub": "repo:contoso/models:ref:refs/heads/main", "aud": "a", "oid": "o"}


TOKEN = {"access_token": "made", "expires_in": 3600, "refresh_in": 1800, "token_type": "Bearer", "expires_on": 9999999}


@dataclass
class Entra:
    """An Entra ID, or a machine, that answers otherwise.

    Attributes:
        token: What is odd about the answer with a token.
        configuration: What is odd about where tokens are to be had; None for nothing.
        valid: The answer with a token, as it must be.
    """

    token: Oddity | None
    configuration: Oddity | None = None
    valid: dict[str, Any] = field(default_factory=lambda: TOKEN)

    def answer(self, asked: Asked) -> Answer:
        """Its answer."""
        is_description = "openid-configuration" in asked.path
        odd, valid = (self.configuration, CONFIGURATION) if is_description else (self.token, self.valid)
        if odd is None:
            return Answer(400 if "error" in valid else 200, valid)
        drawn = odd.of(valid)
        return Answer(drawn.status, drawn.body, drawn.headers)

    def options(self) -> dict[str, Any]:
        """For a credential that asks it."""
        return {"transport": Patient(session=session_for(self.answer), session_owner=False), "retry_total": 0}


class Patient(LoginTransport):
    """A transport in which nobody waits."""

    def sleep(self, duration: float) -> None:
        """Go on at once."""


class Ci(RecordingCi):
    """A CI host with one identity token."""

    def __init__(self, token: str = "e30.e30.x") -> None:  # noqa: S107 - no secret
        super().__init__(has_identity=True)
        self._token = token

    def identity_token(self, audience: str) -> str:
        return self._token


_BASE = f"{AZURE_CLOUD.authority}/tenant-1"
CONFIGURATION = {
    "authorization_endpoint": f"{_BASE}/oauth2/v2.0/authorize",
    "token_endpoint": f"{_BASE}/oauth2/v2.0/token",
    "issuer": f"{_BASE}/v2.0",
}
BY_JOB = Login("tenant-1", "client-1", None, "a", "AzureCloud")
LOGINS = {
    "secret": Login("tenant-1", "client-1", Secret("hush"), "", "AzureCloud"),
    "assertion": BY_JOB,
    "machine": Login("", "", None, "a", "AzureCloud", LoginKind.MANAGED),
}


@pytest.mark.parametrize("by", LOGINS)
@given(token=oddities(), configuration=st.one_of(st.none(), st.none(), oddities()))
@fuzzed(40)
def test_any_access_token_is_one_or_told(by: str, token: Oddity, configuration: Oddity | None) -> None:
    """What Entra ID and a machine answer, and where Entra ID says that tokens are to be had."""
    ci = Ci()
    credential = credential_for(LOGINS[by], AZURE_CLOUD, ci, options=Entra(token, configuration).options())
    with a_failure_at_most():
        assert credential.get_token("https://x/.default").token in ci.masked


REFUSALS = st.sampled_from(["AADSTS700212: no", "AADSTS70021: no", "AADSTS700016", "AADSTS5", "AADSTS", "no"])


@given(claims=st.one_of(near(CLAIMS), documents(), bodies(CLAIMS)), said=REFUSALS)
@fuzzed(40)
def test_any_refused_job_is_told(claims: Any, said: str) -> None:
    """Whatever its token claims: it is shown, as far as it says who the job is."""
    entra = Entra(None, valid={"error": "invalid_client", "error_description": said})
    credential = credential_for(BY_JOB, AZURE_CLOUD, Ci(token_of(claims)), options=entra.options())
    with a_failure_at_most():
        credential.get_token("https://x/.default")


@given(claims=st.one_of(near(CLAIMS), documents(), bodies(CLAIMS)))
@fuzzed(40)
def test_any_token_tells_who_it_is_for_or_nothing(claims: Any) -> None:
    """The object id of the login."""
    entra = Entra(None, valid={**TOKEN, "access_token": token_of(claims)})
    credential = credential_for(BY_JOB, AZURE_CLOUD, Ci(), options=entra.options())
    with a_failure_at_most():
        AzureClients(credential, "s", AZURE_CLOUD).object_id.encode()


AZ = {"accessToken": "made", "expiresOn": "2026-01-01 00:00:00.000000", "expires_on": 9999999, "tenant": "t"}
"""What `az account get-access-token` prints."""


@given(printed=bodies(AZ))
@fuzzed(40)
def test_any_output_of_az_is_a_token_or_told(az: Path, printed: bytes) -> None:
    """Or something that the session does not give."""
    az.write_bytes(printed)
    ci = Ci()
    credential = credential_for(Login("", "", None, "", "AzureCloud", LoginKind.AZ), AZURE_CLOUD, ci)
    with a_failure_at_most():
        assert credential.get_token("https://x/.default").token in ci.masked


CLOUD = {
    "name": "Own",
    "resourceManager": "https://arm.own.example",
    "portal": "https://portal.own.example",
    "authentication": {"loginEndpoint": "https://login.own.example", "audiences": ["https://arm.own.example"]},
    "suffixes": {"acrLoginServer": "azurecr.own.example", "storage": "core.own.example"},
}


@given(valid=st.sampled_from([CLOUD, [CLOUD]]), odd=oddities())
@fuzzed(40)
def test_any_description_of_a_cloud_is_one_or_told(valid: Any, odd: Oddity) -> None:
    """What a Resource Manager says of its cloud."""
    session = session_with([odd.of(valid)])

    def fetch(url: str) -> Any:
        return description_in(Said.of(session.get(url)))

    with a_failure_at_most():
        found = resolve_cloud("https://arm.own.example", fetch=fetch)
        assert found.authority.startswith("https://")
