"""Azure DevOps' identity tokens for service connections: what a pipeline's job gets that may use one."""

from __future__ import annotations

import secrets
import time
import uuid
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from azure_sandbox.signing import SigningKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

LIFETIME_SECONDS = 600
"""A token of a service connection lives ten minutes."""
VERSION = "7.1"


class AzureDevOpsOidc:
    """The token endpoint of one job, and the issuer of its organisation.

    Args:
        clock: Seconds since 1970.

    Attributes:
        connection: The service connection's name; it is part of the subject.
        connection_id: What the job asks with.
        access_token: `System.AccessToken` of the job.
        available: False answers as for a connection that the job may not use.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.organisation, self.project, self.connection = "contoso", "models", "azure"
        self.connection_id = str(uuid.uuid4())
        self.issuer = f"https://vstoken.dev.azure.com/{uuid.uuid4()}"
        self.key = SigningKey()
        self.access_token = secrets.token_urlsafe(48)
        self.available = True
        self._clock = clock
        self._job = f"{uuid.uuid4()}/_apis/distributedtask/hubs/build/plans/{uuid.uuid4()}/jobs/{uuid.uuid4()}"

    @property
    def subject(self) -> str:
        """The `sub` claim."""
        return f"sc://{self.organisation}/{self.project}/{self.connection}"

    @property
    def path(self) -> str:
        """Where the job asks, below the sandbox's address: the end of `SYSTEM_OIDCREQUESTURI`."""
        return f"/azure-devops/{self.organisation}/{self._job}/oidctoken"

    def issue(self) -> str:
        """A new signed token; whom it is for is not the job's to say."""
        now = int(self._clock())
        times = {"iat": now, "nbf": now, "exp": now + LIFETIME_SECONDS}
        claims = {"iss": self.issuer, "sub": self.subject, "aud": "api://AzureADTokenExchange", **times}
        return self.key.sign({**claims, "jti": str(uuid.uuid4())})

    def decode(self, token: str) -> dict[str, Any]:
        """The claims of a token with this issuer's signature.

        Raises:
            jwt.InvalidTokenError: The signature does not hold.
        """
        return self.key.claims_of(token)


def routes(devops: AzureDevOpsOidc) -> list[Route]:
    """`/azure-devops/...`: the job's token endpoint."""

    def token(request: Request) -> Response:
        if request.headers.get("authorization", "") != f"Bearer {devops.access_token}":
            if request.headers.get("x-tfs-fedauthredirect", "").lower() == "suppress":
                return JSONResponse({"message": "TF400813: The user is not authorized to access this resource."}, 401)
            return RedirectResponse(f"https://app.vssps.visualstudio.com/_signin?realm={devops.organisation}", 302)
        if request.query_params.get("api-version") != VERSION:
            return JSONResponse({"message": "No api-version was supplied, or it is not supported."}, 400)
        if not devops.available or request.query_params.get("serviceConnectionId") != devops.connection_id:
            return JSONResponse({"message": "The service connection was not found, or the job may not use it."}, 404)
        return JSONResponse({"oidcToken": devops.issue()})

    return [Route(devops.path, token, methods=["POST"])]
