"""The address where an app's code gets tokens of the app's identities, as App Service gives it to a container.

https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from azure_sandbox.apps.storage_accounts import identity_of
from azure_sandbox.directory import ACCESS_TOKEN_SECONDS
from azure_sandbox.web import WebServer

if TYPE_CHECKING:
    from starlette.requests import Request

    from azure_sandbox.contract import Directory, SiteDefinition

_PATH = "/msi/token"
_NO_DEFAULT = "Unable to load the proper Managed Identity."
_UNKNOWN = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
"""As the tests of Microsoft's clients have them: AzureAD/microsoft-authentication-library-for-dotnet, TestConstants."""


class IdentityEndpoint:
    """Serves all apps; a header that each has of its own says which one asks.

    Args:
        directory: Issues the tokens.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._sites: dict[str, SiteDefinition] = {}
        self._headers: dict[str, str] = {}
        self._lock = threading.Lock()
        self._server = WebServer(Starlette(routes=[Route(_PATH, self._token)]), tls=None).start()

    @property
    def port(self) -> int:
        """Where it answers, without TLS."""
        return self._server.port

    def variables(self, site: SiteDefinition) -> dict[str, str]:
        """What the container of a site finds it by; nothing without an identity."""
        if not site.identities:
            return {}
        with self._lock:
            header = self._headers.setdefault(site.name.lower(), secrets.token_hex(16).upper())
            self._sites[header] = site
        address = f"http://localhost:{self.port}{_PATH}"
        return {
            "IDENTITY_ENDPOINT": address,
            "IDENTITY_HEADER": header,
            "MSI_ENDPOINT": address,
            "MSI_SECRET": header,
        }

    def close(self) -> None:
        """Stop answering."""
        self._server.stop()

    def _token(self, request: Request) -> JSONResponse:
        query = request.query_params
        with self._lock:
            site = self._sites.get(request.headers.get("x-identity-header", ""))
        if site is None:
            return JSONResponse({"statusCode": 401, "message": "Unauthorized"}, 401)
        if query.get("api-version") != "2019-08-01" or not query.get("resource"):
            return JSONResponse({"statusCode": 400, "message": "The api-version or the resource is invalid."}, 400)
        wanted = query.get("client_id") or query.get("clientid") or ""
        who = identity_of(site, wanted)
        if who is None:
            return JSONResponse({"statusCode": 400, "message": _UNKNOWN if wanted else _NO_DEFAULT}, 400)
        resource = query["resource"]
        return JSONResponse(
            {
                "access_token": self._directory.issue_token(who.client_id, resource.rstrip("/")),
                "client_id": who.client_id,
                "expires_on": str(int(time.time()) + ACCESS_TOKEN_SECONDS),
                "resource": resource,
                "token_type": "Bearer",
            }
        )
