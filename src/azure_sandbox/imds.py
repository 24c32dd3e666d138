"""Azure's Instance Metadata Service, as far as tokens go: what a machine of Azure asks for who it is.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token has request, answer
and errors. On a machine it is at `http://169.254.169.254`; clients ask where AZURE_POD_IDENTITY_AUTHORITY_HOST says.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from azure_sandbox.contract import Principal
    from azure_sandbox.directory import EntraDirectory

PATH = "/metadata/identity/oauth2/token"
_VERSIONS = ("2018-02-01", "2019-08-01")


class Imds:
    """The metadata service of one machine.

    Args:
        directory: Whose tokens.

    Attributes:
        system: The machine's own identity; None when it has none.
        assigned: User-assigned ones.
    """

    def __init__(self, directory: EntraDirectory) -> None:
        self.system: Principal | None = None
        self.assigned: tuple[Principal, ...] = ()
        self._directory = directory

    def app(self) -> Starlette:
        """What answers."""
        return Starlette(routes=[Route(PATH, self._token)])

    def _token(self, request: Request) -> Response:
        # What a proxy in between sends along is refused: the answer is for this machine alone.
        if request.headers.get("metadata", "").lower() != "true" or "x-forwarded-for" in request.headers:
            return _refused("bad_request_102", "Required metadata header not specified")
        asked = request.query_params
        if asked.get("api-version") not in _VERSIONS:
            return _refused("bad_request", "api-version is invalid or was not specified in the request.")
        resource = asked.get("resource", "")
        if resource.rstrip("/") not in self._directory.resources:
            text = f"AADSTS500011: The resource principal named {resource} was not found in the tenant"
            return _refused("invalid_resource", text)
        named = asked.get("client_id", "")
        found = self._found(named)
        return JSONResponse(self._answer(found, resource)) if found else self._nobody(named)

    def _found(self, client_id: str) -> Principal | None:
        """The identity that is named; without a name the machine's own, or its only one."""
        known = (*((self.system,) if self.system else ()), *self.assigned)
        if client_id:
            return next((one for one in known if one.client_id == client_id.lower()), None)
        return self.system or (known[0] if len(known) == 1 else None)

    def _nobody(self, client_id: str) -> Response:
        if not client_id and self.assigned:
            text = "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity "
            return _refused("invalid_request", f"{text}in the token request")
        return _refused("invalid_request", "Identity not found")

    def _answer(self, who: Principal, resource: str) -> dict[str, Any]:
        """Every value is a text, as the service has it."""
        now, seconds = int(time.time()), max(0, int(self._directory.token_lifetime))
        return {
            "access_token": self._directory.issue_token(who.client_id, resource),
            "client_id": who.client_id,
            "expires_in": str(seconds),
            "expires_on": str(now + seconds),
            "ext_expires_in": str(seconds),
            "not_before": str(now),
            "resource": resource,
            "token_type": "Bearer",
        }


def _refused(error: str, text: str) -> Response:
    return JSONResponse({"error": error, "error_description": text}, 400)
