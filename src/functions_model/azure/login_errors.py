"""Why Microsoft Entra ID refuses a login, and what mends it."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from urllib.parse import urlsplit

from functions_model.azure.misread import Misread, said_of
from functions_model.ci.host import Advice
from functions_model.core.answers import MISREADING, printable
from functions_model.core.failures import Cause, LoginFailed
from functions_model.core.masking import cut, shapeless
from functions_model.core.secrets import Login, LoginKind
from functions_model.core.tokens import claims_of
from functions_model.core.unanswered import unanswered

_CODE = re.compile(r"AADSTS(\d+)")
_LONGEST_NAME = 120
"""Characters of a federated credential's name: https://learn.microsoft.com/graph/api/resources/federatedidentitycredential."""
_FOR_SUPPORT = re.compile(r"Trace ID: \S+ Correlation ID: \S+ Timestamp: [-\d:.TZ ]+")
_LONGEST = 500
"""Characters of what Entra ID says that are looked at and shown."""
_TRACE = re.compile(r"\s*(Trace ID|Correlation ID|Timestamp):.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _AssertionClaims:
    """What an identity token says of its job: the three values that a federated credential must repeat."""

    issuer: str
    subject: str
    audience: str


_CAUSES = (
    Cause(
        "application-unknown",
        "700016",
        "there is no application `{client_id}` in the tenant `{tenant_id}`",
        "Check `client-id` and `tenant-id`: the application (client) ID is meant, not the object ID.",
    ),
    Cause(
        "token-out-of-time",
        "700024",
        "the identity token has expired, or is not valid yet",
        "Run the job again. If it happens again, correct the runner's clock.",
    ),
    Cause(
        "audience-unknown",
        "700212",
        "no federated credential of the application `{client_id}` is for the audience of this job's token",
        "Leave `audience` out, which asks for the usual one. Or run the command that the detail shows: it adds a "
        "credential for this audience.",
    ),
    Cause(
        "subject-unknown",
        "70021|700211|700213|7002138",
        "no federated credential of the application `{client_id}` matches this job, whose subject is `{subject}`",
        "Run the command that the detail shows, which adds the credential, or run the job that an existing one names. "
        "{advice}",
    ),
    Cause(
        "secret-wrong",
        "7000215",
        "the client secret is wrong",
        "Give the secret's value, not its ID, or leave `client-secret` out and log in with OIDC.",
    ),
    Cause(
        "secret-expired",
        "7000222",
        "the client secret has expired",
        "Make a new secret for the application, or leave `client-secret` out and log in with OIDC.",
    ),
    Cause(
        "tenant-unknown",
        "90002",
        "there is no tenant `{tenant_id}` at `{authority}`",
        "Check `tenant-id`, and `cloud` when the tenant is not in the public cloud.",
    ),
)
"""By the digits after `AADSTS`. `{advice}` is what the CI host says of the subject of its tokens."""
_SHOWS_CLAIMS = frozenset({"audience-unknown", "subject-unknown"})
"""Causes with which the federated credential to create is shown."""


def _claims_of(token: str) -> _AssertionClaims | None:
    """The issuer, subject and audience that a JSON web token claims; None when it is not one. Not verified."""
    claims = claims_of(token)
    try:
        audience = claims["aud"]
        first = audience[0] if isinstance(audience, list) else audience
        return _AssertionClaims(*(printable(str(one)) for one in (claims["iss"], claims["sub"], first)))
    except LookupError:
        return None


_ELSEWHERE = {
    LoginKind.AZ: (
        "there is no `client-secret`, no job's identity token, no `AZURE_FEDERATED_TOKEN_FILE` and no session of `az`",
        "Install the Azure CLI and run `az login`, or set `tenant-id`, `client-id` and FUNCTIONS_MODEL_CLIENT_SECRET.",
    ),
    LoginKind.MANAGED: (
        "this machine has no such managed identity",
        "Give the machine an identity, name a user-assigned one with `client-id`, or leave `login` out.",
    ),
}


def explain_login(exc: Exception, login: Login, authority: str, assertion: str, advice: Advice) -> LoginFailed:
    """The failure to tell when no token could be had.

    Args:
        exc: What the SDK raised.
        login: Who tried.
        authority: Where.
        assertion: The last identity token; empty when none was used.
        advice: What the CI host says of its tokens.
    """
    text = printable(shapeless(" ".join(str(exc).split())))
    failure = _explained(exc, cut(_TRACE.sub("", text), _LONGEST), login, authority, assertion=assertion, advice=advice)
    ids = _FOR_SUPPORT.search(text)
    if ids is None:
        return failure
    detail = f"{failure.detail}\nFor Microsoft's support: {ids[0].strip()}".strip()
    return LoginFailed(failure.action, failure.reason, failure.remedy, detail=detail)


def _explained(
    exc: Exception, said: str, login: Login, authority: str, *, assertion: str, advice: Advice
) -> LoginFailed:
    found = _CODE.search(said)
    if login.client_secret is None and login.kind in _ELSEWHERE:
        reason, remedy = _ELSEWHERE[login.kind]
        return LoginFailed("log in to Azure", reason, remedy, detail=said)
    if found is None and (silent := unanswered(exc, urlsplit(authority).netloc)):
        return LoginFailed("log in to Azure", silent.what, silent.remedy, detail=said)
    if found is None and (answered := _odd_answer(exc, urlsplit(authority).netloc)):
        reason, remedy = answered
        return LoginFailed("log in to Azure", reason, remedy, detail=said)
    if found is None:
        return LoginFailed("log in to Azure", said or type(exc).__name__, "Check `tenant-id`, `client-id` and `cloud`.")
    code, claims = found.group(1), _claims_of(assertion)
    facts = {
        "client_id": login.client_id,
        "tenant_id": login.tenant_id,
        "authority": authority,
        "subject": claims.subject if claims else "unknown",
        "advice": advice.subject,
    }
    for cause in _CAUSES:
        if matched := re.fullmatch(cause.text, code):
            named = cause.named(matched, facts)
            shown = _federated_credential(login, claims) if claims and cause.name in _SHOWS_CLAIMS else ""
            reason, detail = f"{named.meaning} (AADSTS{code})", f"{said}\n{shown}".strip()
            return LoginFailed("log in to Azure", reason, named.remedy, detail=detail)
    remedy = f"Look the code up at {authority}/error?code={code}."
    return LoginFailed("log in to Azure", said, remedy)


def _odd_answer(exc: Exception, host: str) -> tuple[str, str] | None:
    """What to tell of an answer that is not Entra ID's: a proxy's page, or something that nobody can take apart."""
    said = said_of(getattr(exc, "response", None))
    if said is not None and not said.is_mapping:
        return said.reason, said.remedy
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, Misread):
            return str(cause), cause.remedy
        if isinstance(cause, MISREADING) and not str(cause).startswith(_OURS):
            what = f"`{host}` answered in a form that is not known ({type(cause).__name__})"
            return what, "Run again. If it happens again, check that no proxy answers in its place."
        cause = cause.__cause__
    return None


_OURS = ("Invalid tenant", "Unable to get authority configuration", "Client secret", "client_id")
"""What azure-identity and msal say of what they are given, by the same kind of error as of an answer."""


def _federated_credential(login: Login, claims: _AssertionClaims) -> str:
    # An application has one credential of a name: this one is made beside that of the other form, or another branch.
    name = re.sub(r"[^A-Za-z0-9]+", "-", claims.subject).strip("-")[-_LONGEST_NAME:].lstrip("-")
    credential = {"name": name, "issuer": claims.issuer, "subject": claims.subject, "audiences": [claims.audience]}
    parameters = shlex.quote(json.dumps(credential, indent=2))  # names of branches may hold a quote
    return (
        f"This job's identity token has\n  issuer:   {claims.issuer}\n  subject:  {claims.subject}\n"
        f"  audience: {claims.audience}\nThe federated credential that matches it:\n"
        f"  az ad app federated-credential create --id {login.client_id} --parameters {parameters}"
    )
