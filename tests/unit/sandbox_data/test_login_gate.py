"""App Service's authentication before an app: whom it lets in, and how it refuses the others."""

from __future__ import annotations

from typing import Any, cast

import pytest
from starlette.requests import Request

from azure_sandbox.apps.login_gate import refusal
from azure_sandbox.contract import Directory, Principal, TokenRefused

CLIENT, AUDIENCE = "0d9c", "api://0d9c"


class Entra:
    """Gives tokens that say whom they are for."""

    tenant_id = "contoso"

    def principal_of_token(self, access_token: str, audience: str) -> Principal:
        if access_token != f"for {audience}":
            raise TokenRefused("no")
        return Principal("", "batch", "")


def settings(**validation: Any) -> dict[str, Any]:
    """On, unless they say otherwise."""
    provider = {"registration": {"clientId": CLIENT}, "validation": {"allowedAudiences": [AUDIENCE]}}
    return {
        "platform": {"enabled": True},
        "globalValidation": {"requireAuthentication": True, "unauthenticatedClientAction": "Return401"} | validation,
        "identityProviders": {"azureActiveDirectory": provider},
    }


def answer(told: dict[str, Any], path: str = "/api/score", authorization: str = "") -> tuple[int, str]:
    """Its status and challenge; 0 where the request passes."""
    headers = [(b"host", b"iris.test"), (b"authorization", authorization.encode())]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    refused = refusal(told, Request(scope), cast("Directory", Entra()))
    return (refused.status_code, refused.headers.get("www-authenticate", "")) if refused else (0, "")


@pytest.mark.parametrize("authorization", ["", "Bearer for api://other", "Basic for api://0d9c", "a function's key"])
def test_a_stranger_is_told_where_to_log_in(authorization: str) -> None:
    """A key is no login, and a token for somebody else is none either."""
    status, challenge = answer(settings(), authorization=authorization)

    assert 401 == status
    assert challenge.startswith('Bearer realm="iris.test" authorization_uri="https://login.windows.net/contoso/')
    assert challenge.endswith(f'resource_id="{CLIENT}"')


@pytest.mark.parametrize("audience", [CLIENT, AUDIENCE])
def test_a_token_for_the_app_passes(audience: str) -> None:
    """The client id always counts."""
    assert (0, "") == answer(settings(), authorization=f"Bearer for {audience}")


@pytest.mark.parametrize(("allowed", "status"), [([], 0), (["batch"], 0), (["shop"], 403)])
def test_a_token_of_somebody_who_may_not_call_is_refused(allowed: list[str], status: int) -> None:
    """It holds, and is not enough."""
    told = settings()
    told["identityProviders"]["azureActiveDirectory"]["validation"]["defaultAuthorizationPolicy"] = {
        "allowedApplications": allowed
    }

    assert (status, "") == answer(told, authorization=f"Bearer for {AUDIENCE}")


@pytest.mark.parametrize(
    ("action", "status"), [("Return403", 403), ("Return404", 404), ("RedirectToLoginPage", 302), (None, 302)]
)
def test_its_settings_say_how_it_refuses(action: str | None, status: int) -> None:
    """Without a challenge."""
    assert (status, "") == answer(settings(unauthenticatedClientAction=action))


@pytest.mark.parametrize(
    "told",
    [
        {},
        settings() | {"platform": {"enabled": False}},
        settings(requireAuthentication=False),
        settings(unauthenticatedClientAction="AllowAnonymous"),
        settings(excludedPaths=["/API/score"]),
    ],
)
def test_it_lets_everybody_pass_where_it_is_told_so(told: dict[str, Any]) -> None:
    """Off, optional, or not for this path."""
    assert (0, "") == answer(told)
