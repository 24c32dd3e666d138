"""Microsoft Entra ID's endpoints: discovery documents and the token endpoint, with Entra's own errors."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs

import jwt
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from azure_sandbox.directory import Application, EntraDirectory, FederatedCredential

_REQUEST_ID = "x-ms-request-id"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Issuer(Protocol):
    """Somebody who signs ID tokens, and whose keys Entra can fetch."""

    def decode(self, token: str) -> dict[str, Any]:
        """The claims of a token with this issuer's signature.

        Raises:
            jwt.InvalidTokenError: The signature does not hold.
        """


class EntraError(Exception):
    """A refusal in Entra's own form.

    Args:
        code: The AADSTS number.
        error: The OAuth error name.
        text: What follows the number.
        status: 400 or 401.
    """

    def __init__(self, code: int, error: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.code = code
        self.error = error
        self.status = status

    def body(self, authority: str, now: float) -> dict[str, Any]:
        """The JSON that Entra answers with."""
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        stamp = dt.datetime.fromtimestamp(now, dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        return {
            "error": self.error,
            "error_description": f"AADSTS{self.code}: {self} Trace ID: {trace} Correlation ID: {correlation} "
            f"Timestamp: {stamp}",
            "error_codes": [self.code],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{authority}/error?code={self.code}",
        }


class TokenEndpoint:
    """`POST /{tenant}/oauth2/v2.0/token` for client credentials.

    Args:
        directory: Whose tokens.
        issuers: Issuers of ID tokens whose keys Entra can fetch, by their `iss`.
        clock: Seconds since 1970.
    """

    def __init__(
        self, directory: EntraDirectory, issuers: Mapping[str, Issuer], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._directory = directory
        self._issuers = issuers
        self._clock = clock

    def answer(self, tenant: str, form: dict[str, str]) -> dict[str, Any]:
        """The token, or the refusal.

        Raises:
            EntraError: The request is refused.
        """
        self.check_tenant(tenant)
        grant = form.get("grant_type", "")
        if grant != "client_credentials":
            raise EntraError(70003, "unsupported_grant_type", f"The app requested an unsupported grant type '{grant}'.")
        application = self._application(form.get("client_id", ""))
        self._prove(application, form)
        audience = self._audience(form.get("scope", ""))
        token = self._directory.issue_token(application.principal.client_id, audience)
        seconds = max(0, int(self._directory.token_lifetime))
        return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}

    def check_tenant(self, tenant: str) -> None:
        """Refuse other tenants.

        Raises:
            EntraError: AADSTS90002.
        """
        if tenant.lower() != self._directory.tenant_id:
            text = (
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into "
                "the correct cloud. Check with your subscription administrator, this may happen if there are no active "
                "subscriptions for the tenant."
            )
            raise EntraError(90002, "invalid_request", text)

    def _application(self, client_id: str) -> Application:
        application = self._directory.application(client_id)
        if application is None:
            text = (
                f"Application with identifier '{client_id}' was not found in the directory "
                f"'{self._directory.tenant_id}'. This can happen if the application has not been installed by the "
                "administrator of the tenant or consented to by any user in the tenant. You may have sent your "
                "authentication request to the wrong tenant."
            )
            raise EntraError(700016, "unauthorized_client", text)
        return application

    def _prove(self, application: Application, form: dict[str, str]) -> None:
        if "client_assertion" in form:
            if form.get("client_assertion_type") != ASSERTION_TYPE:
                raise EntraError(900144, "invalid_request", "The 'client_assertion_type' is missing or not supported.")
            self._prove_by_assertion(application, form["client_assertion"])
        elif form.get("client_secret"):
            self._prove_by_secret(application, form["client_secret"])
        else:
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise EntraError(7000218, "invalid_client", text, 401)

    def _prove_by_secret(self, application: Application, secret: str) -> None:
        if secret != application.secret:
            text = (
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                "value, not the client secret ID, for a secret added to app "
                f"'{application.principal.client_id}'."
            )
            raise EntraError(7000215, "invalid_client", text, 401)

    def _prove_by_assertion(self, application: Application, assertion: str) -> None:
        claims = self._signed_claims(assertion)
        self._check_times(claims)
        matching = [credential for credential in application.federated if credential.issuer == claims.get("iss")]
        if not matching:
            raise _no_match(700211, "issuer", claims.get("iss"))
        matching = [credential for credential in matching if credential.subject == claims.get("sub")]
        if not matching:
            raise _no_match(700213, "subject", claims.get("sub"))
        if not any(_same_audience(credential, claims.get("aud")) for credential in matching):
            raise _no_match(700212, "audience", claims.get("aud"))

    def _signed_claims(self, assertion: str) -> dict[str, Any]:
        try:
            options: Any = {"verify_signature": False}
            issuer = jwt.decode(assertion, options=options).get("iss", "")
        except jwt.InvalidTokenError as error:
            raise EntraError(50027, "invalid_request", f"JWT token is invalid or malformed. {error}") from error
        if issuer not in self._issuers:
            raise _no_match(700211, "issuer", issuer)
        try:
            return self._issuers[issuer].decode(assertion)
        except jwt.InvalidTokenError as error:
            text = "Client assertion failed signature validation."
            raise EntraError(700027, "invalid_client", text, 401) from error

    def _check_times(self, claims: dict[str, Any]) -> None:
        now, start, end = self._clock(), float(claims.get("nbf", 0)), float(claims.get("exp", 0))
        if not start <= now < end:
            text = (
                "Client assertion is not within its valid time range. "
                f"Current time: {_iso(now)}, assertion valid from {_iso(start)}, expiry time of assertion {_iso(end)}. "
                "Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials."
            )
            raise EntraError(700024, "invalid_client", text, 401)

    def _audience(self, scope: str) -> str:
        if not scope.endswith("/.default"):
            text = f"The provided request must include a 'scope' that ends with '/.default'; '{scope}' does not."
            raise EntraError(1002012, "invalid_scope", text)
        resource = scope.removesuffix("/.default")
        if resource.rstrip("/") not in self._directory.resources:
            text = (
                f"The resource principal named {resource} was not found in the tenant named "
                f"{self._directory.tenant_id}. This can happen if the application has not been installed by the "
                "administrator of the tenant or consented to by any user in the tenant."
            )
            raise EntraError(500011, "invalid_resource", text)
        return resource


def _same_audience(credential: FederatedCredential, audience: Any) -> bool:
    return credential.audience in (audience if isinstance(audience, list) else [audience])


def _no_match(code: int, claim: str, value: Any) -> EntraError:
    text = (
        f"No matching federated identity record found for presented assertion {claim} '{value}'. Please check your "
        "federated identity credential Subject, Audience and Issuer against the presented assertion. Matching is done "
        "using a case-sensitive comparison."
    )
    return EntraError(code, "invalid_client", text, 401)


def _iso(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


def routes(
    directory: EntraDirectory, endpoint: TokenEndpoint, *, clock: Callable[[], float] = time.time
) -> list[Route]:
    """Entra's paths, each below a tenant."""

    def refused(request: Request, error: EntraError) -> Response:
        body = error.body(_authority(request), clock())
        return JSONResponse(body, error.status, {_REQUEST_ID: body["trace_id"]})

    async def token(request: Request) -> Response:
        parsed = parse_qs((await request.body()).decode(), keep_blank_values=True)
        form = {name: values[-1] for name, values in parsed.items()}
        try:
            answer = await run_in_threadpool(endpoint.answer, request.path_params["tenant"], form)
            return JSONResponse(answer, headers={_REQUEST_ID: str(uuid.uuid4())})
        except EntraError as error:
            return refused(request, error)

    def configuration(request: Request) -> Response:
        tenant = request.path_params["tenant"]
        try:
            endpoint.check_tenant(tenant)
        except EntraError as error:
            return refused(request, error)
        return JSONResponse(_configuration(_authority(request), tenant))

    def keys(_: Request) -> Response:
        return JSONResponse({"keys": [directory.key.jwk]})

    def instance(request: Request) -> Response:
        tenant = f"{_authority(request)}/{directory.tenant_id}"
        return JSONResponse(
            {"tenant_discovery_endpoint": f"{tenant}/v2.0/.well-known/openid-configuration", "metadata": []}
        )

    return [
        Route("/{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
        Route("/{tenant}/v2.0/.well-known/openid-configuration", configuration),
        Route("/{tenant}/discovery/v2.0/keys", keys),
        Route("/common/discovery/instance", instance),
    ]


def _authority(request: Request) -> str:
    return str(request.url.replace(path="", query="")).rstrip("/")


def _configuration(authority: str, tenant: str) -> dict[str, Any]:
    oauth = f"{authority}/{tenant}/oauth2/v2.0"
    return {
        "issuer": f"{authority}/{tenant}/v2.0",
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "device_authorization_endpoint": f"{oauth}/devicecode",
        "jwks_uri": f"{authority}/{tenant}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code", "id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["pairwise"],
        "tenant_region_scope": None,
    }
