"""Logins: a job's identity token, a cloud's description and Entra ID, where the other end is not what it must be."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import AZURE_CLOUD, description_in, resolve_cloud
from functions_model.azure.login import credential_for
from functions_model.azure.sending import LoginTransport
from functions_model.ci.identity import JobIdentity, TokenEndpoint
from functions_model.core.answers import Said
from functions_model.core.failures import LoginFailed
from functions_model.core.secrets import Login, LoginKind, Secret
from support.adversity import Row, each
from support.ci import RecordingCi
from support.fake_arm import Answer, Asked, session_for
from support.raw_answers import answering, bomb, http

if TYPE_CHECKING:
    from pathlib import Path

PERMISSION = "Give the job permissions: id-token: write."
PAGE = b"<html><head><title>Sign in to the guest network</title></head></html>"


@dataclass(frozen=True)
class Endpoint:
    """A token endpoint, and what a job says of it.

    Attributes:
        answers: One after the other; None for nobody.
        says: What must be told.
        says_not: What must not.
        waits: How often is waited.
        url: In place of the endpoint's own.
        access: What the job asks with.
    """

    says: str
    answers: tuple[bytes, ...] | None = (http(b"{}"),)
    says_not: str = PERMISSION
    waits: int = 0
    url: str = ""
    access: str = "access"


ENDPOINTS = [
    Row(
        "the host of OIDC is not known to DNS",
        "the name is told at once",
        Endpoint("the name `nowhere.invalid` is not known", url="https://nowhere.invalid/token"),
        "R15",
    ),
    Row(
        "nobody listens where identity tokens are given",
        "told as a connection after seven seconds",
        Endpoint("its token endpoint gave no answer: the connection to", None, waits=3),
        "R15",
    ),
    Row(
        "the address of the token endpoint has half an IPv6 address",
        "told as no URL, and nothing is asked",
        Endpoint("the address of its token endpoint is no URL", url="https://[::1/token"),
        "R15",
    ),
    Row(
        "the address of the token endpoint is a file's",
        "no file is read, and the address is told as no URL",
        Endpoint("the address of its token endpoint is no URL", url="file:///etc/passwd"),
        "R15",
    ),
    Row(
        "the token that a job asks with ends in a line break",
        "told as that; no header is made of it",
        Endpoint("holds characters that no header can carry", access="access\r\nX-Evil: 1"),
        "R15",
    ),
    Row(
        "the token endpoint answers 503 for ever",
        "its fault, after four tries",
        Endpoint("its token endpoint is at fault", (http(b"{}", 503),), waits=3),
        "R15",
    ),
    Row(
        "the token endpoint refuses with 403",
        "the permission that the job lacks",
        Endpoint("the token endpoint said 403", (http(b"{}", 403),), says_not="proxy"),
        "R15",
    ),
    Row(
        "a guest network's page comes in place of an identity token",
        "who answered, with the page's title",
        Endpoint("a page of HTML, `Sign in to the guest network`", (http(PAGE),)),
        "R2",
    ),
    Row(
        "a proxy answers 403 with a page for the token endpoint",
        "the proxy, and no missing permission",
        Endpoint("a proxy or gateway answered instead of", (http(PAGE, 403),)),
        "R2",
    ),
    Row(
        "the identity token is a list",
        "an answer without a token",
        Endpoint("answered without a token", (http(b'{"value": ["t"]}'),)),
        "R2",
    ),
    Row(
        "the identity token holds escape codes of a terminal",
        "an answer without a token",
        Endpoint("answered without a token", (http(json.dumps({"value": "a\x1b[2J"}).encode()),)),
        "R2",
    ),
    Row(
        "the token endpoint answers with 100,000 brackets",
        "nested too deeply",
        Endpoint("nested deeper than 200 levels", (http(b"[" * 100_000),)),
        "R2",
    ),
    Row(
        "the token endpoint answers with a bomb of gzip",
        "no more than the limit is unpacked",
        Endpoint("more than 64 MiB", (http(bomb(80), headers={"Content-Encoding": "gzip"}),)),
        "R13",
    ),
    Row(
        "the token endpoint leads to a host that is none",
        "an error, and no traceback",
        Endpoint("gave no answer", (http(b"", 302, {"Location": "http://[::1"}),), waits=3),
        "R15",
    ),
]


@each(ENDPOINTS)
def test_the_token_endpoint(row: Row[Endpoint]) -> None:
    """What went wrong is told, and the job's permissions only where they are what is missing."""
    case, waits = row.case, list[float]()
    with answering(*(case.answers or (b"",))) as server:
        url = case.url or f"{server.url}/token"
    if case.answers is None or case.url:
        failure = _failure(TokenEndpoint(url, case.access, PERMISSION), waits)
    else:
        with answering(*case.answers) as server:
            failure = _failure(TokenEndpoint(f"{server.url}/token", case.access, PERMISSION), waits)

    assert case.says in failure.reason
    assert case.says_not not in str(failure)
    assert (case.waits, True) == (len(waits), sum(waits) <= 7)


def _failure(endpoint: TokenEndpoint, waits: list[float]) -> LoginFailed:
    with pytest.raises(LoginFailed) as caught:
        JobIdentity(endpoint, pause=waits.append).token("api://x", lambda _: None)
    return caught.value


CLOUD = {
    "name": "Own",
    "resourceManager": "https://arm.own.example",
    "authentication": {"loginEndpoint": "https://login.own.example", "audiences": ["https://arm.own.example"]},
    "suffixes": {"acrLoginServer": "azurecr.own.example", "storage": "core.own.example"},
}


@dataclass(frozen=True)
class Description:
    """What a Resource Manager says of its cloud.

    Attributes:
        says: What must be told.
        document: A description, or bytes.
        name: The input.
        headers: Of the answer.
        status: Of the answer.
    """

    says: str
    document: Any = b"{}"
    name: str = "https://arm.own.example"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


def _with_authority(value: Any) -> dict[str, Any]:
    return {**CLOUD, "authentication": {"loginEndpoint": value, "audiences": ["https://x"]}}


CLOUDS = [
    Row(
        "a custom cloud has its authority at http",
        "named, and no credential is made",
        Description("its `loginEndpoint`, `http://login`, is no https URL", _with_authority("http://login")),
        "R8",
    ),
    Row(
        "a custom cloud has a number as its authority",
        "named as no URL",
        Description("its `loginEndpoint`, `5`, is no https URL", _with_authority(5)),
        "R8",
    ),
    Row(
        "a custom cloud has half an IPv6 address as its authority",
        "named as no URL",
        Description("is no https URL", _with_authority("https://[::1")),
        "R8",
    ),
    Row(
        "the cloud is given as half an IPv6 address",
        "neither a known cloud nor a URL",
        Description("neither a known cloud nor an https URL", name="https://[::1"),
        "R8",
    ),
    Row(
        "the cloud is given with a port beyond all ports",
        "neither a known cloud nor a URL",
        Description("neither a known cloud nor an https URL", name="https://arm.own.example:99999"),
        "R8",
    ),
    Row(
        "a custom cloud names no audience",
        "its answer describes no cloud",
        Description(
            "does not describe a cloud",
            {**CLOUD, "authentication": {"loginEndpoint": "https://login.own.example", "audiences": []}},
        ),
        "R8",
    ),
    Row(
        "the description of a cloud is a list of numbers",
        "its answer describes no cloud",
        Description("does not describe a cloud", [1, 2]),
        "R8",
    ),
    Row(
        "the description of a cloud is null",
        "its answer describes no cloud",
        Description("does not describe a cloud", None),
        "R2",
    ),
    Row(
        "a company's page comes in place of a cloud's description",
        "who answered, with the page's title",
        Description("a page of HTML, `Sign in to the guest network`", PAGE),
        "R2",
    ),
    Row(
        "a gateway answers 502 for a cloud's description",
        "the gateway, with its status",
        Description("a proxy or gateway answered instead of `arm.own.example` with the status 502", b"", status=502),
        "R2",
    ),
]


@each(CLOUDS)
def test_the_description_of_a_cloud(row: Row[Description]) -> None:
    """Whatever it is, the login fails for it and says so."""
    case = row.case
    body = case.document if isinstance(case.document, bytes) else json.dumps(case.document).encode()
    said = Said("arm.own.example", case.status, body, case.headers)
    with pytest.raises(LoginFailed) as caught:
        resolve_cloud(case.name, fetch=lambda _: description_in(said))
    assert case.says in str(caught.value)


TOKEN = {"access_token": "made", "expires_in": 3600, "token_type": "Bearer"}


@dataclass(frozen=True)
class Entra:
    """What Entra ID answers.

    Attributes:
        answer: To each request for a token.
        says: What must be told.
        everywhere: It answers so, too, when it is asked where tokens are to be had.
    """

    answer: Answer
    says: str
    everywhere: bool = False

    def to(self, asked: Asked) -> Answer:
        """Its answer."""
        if "openid-configuration" in asked.path and not self.everywhere:
            names = ("authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "issuer")
            base = f"{AZURE_CLOUD.authority}/tenant-1"
            return Answer(200, {name: f"{base}/oauth2/v2.0/{name.partition('_')[0]}" for name in names})
        return self.answer


_HTML = {"Content-Type": "text/html"}
LOGINS = [
    Row(
        "a token lasts for `soon`",
        "told as an answer that is not known",
        Entra(Answer(200, {**TOKEN, "expires_in": "soon"}), "in a form that is not known"),
        "R2",
    ),
    Row(
        "Entra ID answers with a number as the token",
        "told as an answer that is not known",
        Entra(Answer(200, {**TOKEN, "access_token": 5}), "in a form that is not known"),
        "R2",
    ),
    Row(
        "Entra ID answers with null",
        "told, with its status",
        Entra(Answer(200, b"null"), "`login.microsoftonline.com` answered"),
        "R2",
    ),
    Row(
        "a proxy's page with 200 comes from Entra ID's address",
        "told as a page",
        Entra(Answer(200, PAGE, _HTML), "answered"),
        "R2",
    ),
    Row(
        "Entra ID's answer is nested a hundred thousand times",
        "told as an answer that is not known",
        Entra(Answer(200, b"[" * 100_000), "form that is not known"),
        "R2",
    ),
    Row(
        "a gateway answers 502 for Entra ID",
        "the gateway is told, with its page",
        Entra(Answer(502, PAGE, _HTML), "log in to Azure", everywhere=True),
        "R2",
    ),
    Row(
        "Entra ID asks to wait until `abc`",
        "the refusal is told",
        Entra(
            Answer(429, {"error": "temporarily_unavailable"}, {"Retry-After": "abc"}),
            "Check `tenant-id`, `client-id` and `cloud`.",
        ),
        "R2",
    ),
]


@each(LOGINS)
@pytest.mark.parametrize("secret", [Secret("hush"), None], ids=["secret", "assertion"])
def test_entra(row: Row[Entra], secret: Secret | None) -> None:
    """By a secret and by an identity token: one kind of failure, at once."""
    login = Login("tenant-1", "client-1", secret, "api://AzureADTokenExchange", "AzureCloud")
    options = {"transport": LoginTransport(session=session_for(row.case.to), session_owner=False), "retry_total": 0}
    credential = credential_for(login, AZURE_CLOUD, _Ci(has_identity=True), options=options)
    started = time.monotonic()

    with pytest.raises(LoginFailed) as caught:
        credential.get_token("https://x/.default")

    assert row.case.says in str(caught.value)
    assert time.monotonic() - started < 5


class _Ci(RecordingCi):
    def __init__(self, *, has_identity: bool = False, token: str = "a-token") -> None:  # noqa: S107 - no secret
        super().__init__(has_identity=has_identity)
        self._token = token

    def identity_token(self, audience: str) -> str:
        return self._token


@dataclass(frozen=True)
class Claims:
    """What the identity token of a job claims, which Entra ID refuses.

    Attributes:
        payload: Of the token.
        shows: What the detail must hold.
        shows_not: What it must not.
    """

    payload: bytes
    shows: str
    shows_not: str = "The federated credential"


def _claims(subject: Any) -> bytes:
    return json.dumps({"iss": "https://issuer.test", "sub": subject, "aud": ["a"]}).encode()


REFUSED = [
    Row(
        "an identity token is nested 100,000 times",
        "the refusal is told, without the token's claims",
        Claims(b"[" * 100_000, "AADSTS70021"),
    ),
    Row(
        "the claims of an identity token are a list",
        "the refusal is told, without the token's claims",
        Claims(b'["iss", "sub", "aud"]', "AADSTS70021"),
    ),
    Row(
        "a branch is named so that a shell would leave the command's quotes",
        "its quote is one of the shell's",
        Claims(_claims("repo:o/r:ref:refs/heads/it's-$(id)"), "it'\"'\"'s-$(id)", "\nit's"),
    ),
    Row(
        "the subject of a job holds escape codes of a terminal",
        "they are gone",
        Claims(_claims("repo:\x1b[2J"), "subject:  repo:[2J", "\x1b"),
    ),
]


@each(REFUSED)
def test_a_refused_job(row: Row[Claims]) -> None:
    """Who the job is gets into a command that people copy."""
    body = base64.urlsafe_b64encode(row.case.payload).decode().rstrip("=")
    ci = _Ci(has_identity=True, token=f"e30.{body}.x")
    entra = Entra(Answer(401, {"error": "invalid_client", "error_description": "AADSTS70021: No match"}), "")
    options = {"transport": LoginTransport(session=session_for(entra.to), session_owner=False), "retry_total": 0}
    login = Login("tenant-1", "client-1", None, "api://AzureADTokenExchange", "AzureCloud")

    with pytest.raises(LoginFailed, match="AADSTS70021") as caught:
        credential_for(login, AZURE_CLOUD, ci, options=options).get_token("https://x/.default")

    assert row.case.shows in caught.value.detail
    assert row.case.shows_not not in caught.value.detail


@pytest.mark.parametrize("payload", [b"[" * 100_000, b'{"oid": ["\\ud800"]}', b"5", b""])
def test_an_access_token_of_another_form(payload: bytes) -> None:
    """It tells who the login is, or nothing."""
    token = f"e30.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.x"
    entra = Entra(Answer(200, {**TOKEN, "access_token": token}), "")
    options = {"transport": LoginTransport(session=session_for(entra.to), session_owner=False), "retry_total": 0}
    login = Login("tenant-1", "client-1", Secret("hush"), "", "AzureCloud")

    object_id = AzureClients(credential_for(login, AZURE_CLOUD, _Ci(), options=options), "s", AZURE_CLOUD).object_id

    assert object_id.encode() in {b"", b"['?']"}


def test_words_of_az_that_no_terminal_should_see(az: Path) -> None:
    """They are cut out of what is told."""
    az.write_text('\x1b[2J{"accessToken": 5} \u202e')
    login = Login("", "", None, "", "AzureCloud", LoginKind.AZ)
    with pytest.raises(LoginFailed) as caught:
        credential_for(login, AZURE_CLOUD, _Ci()).get_token("https://x/.default")
    assert caught.value.detail.replace("\n", "").isprintable()
