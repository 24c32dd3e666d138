"""App Service's authentication ("Easy Auth"): a program before the container that lets in whoever has logged in.

https://learn.microsoft.com/azure/app-service/overview-authentication-authorization. On Linux it is a container of its
own, which gives its refusals without a body: https://github.com/maximivanov/azure-functions-apim-aad-auth shows one.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from azure_sandbox.contract import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from azure_sandbox.contract import Directory, Principal

_REFUSALS = {"Return403": 403, "Return404": 404, "Return401": 401}


def refusal(settings: Mapping[str, Any], request: Request, directory: Directory) -> Response | None:
    """What it answers; None where it lets the request pass.

    Args:
        settings: `authsettingsV2`: https://learn.microsoft.com/rest/api/appservice/web-apps/update-auth-settings-v2.
        request: As it came.
        directory: Says whether a token holds.
    """
    validation = settings.get("globalValidation") or {}
    action = validation.get("unauthenticatedClientAction") or "RedirectToLoginPage"
    excluded = {str(path).lower() for path in validation.get("excludedPaths") or ()}
    if not (settings.get("platform") or {}).get("enabled") or not validation.get("requireAuthentication"):
        return None
    provider = (settings.get("identityProviders") or {}).get("azureActiveDirectory") or {}
    if action == "AllowAnonymous" or request.url.path.lower() in excluded:
        return None
    if caller := _caller(provider, request, directory):
        policy = (provider.get("validation") or {}).get("defaultAuthorizationPolicy") or {}
        allowed = policy.get("allowedApplications")
        return Response(status_code=403) if allowed and caller.client_id not in allowed else None
    client = (provider.get("registration") or {}).get("clientId") or ""
    login = f"https://login.windows.net/{directory.tenant_id}/oauth2/authorize"
    if action not in _REFUSALS:
        return Response(
            status_code=302, headers={"Location": f"{login}?response_type=code+id_token&client_id={client}"}
        )
    headers = {"Server": "Kestrel"}
    if action == "Return401":
        realm = request.headers.get("host", "")
        headers["WWW-Authenticate"] = f'Bearer realm="{realm}" authorization_uri="{login}" resource_id="{client}"'
    return Response(status_code=_REFUSALS[action], headers=headers)


def _caller(provider: Mapping[str, Any], request: Request, directory: Directory) -> Principal | None:
    """Whose token the request brings, if it is one for this app: for its client id, or an allowed audience."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    client = (provider.get("registration") or {}).get("clientId")
    audiences = (provider.get("validation") or {}).get("allowedAudiences") or ()
    for audience in (client, *audiences) if scheme.lower() == "bearer" else ():
        if audience:
            with suppress(TokenRefused):
                return directory.principal_of_token(token, audience)
    return None
