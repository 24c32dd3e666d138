"""Microsoft Entra ID's state: tenants' principals, their credentials, and the tokens made for them."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import jwt

from azure_sandbox.contract import Principal, TokenRefused
from azure_sandbox.signing import SigningKey

if TYPE_CHECKING:
    from collections.abc import Callable

ACCESS_TOKEN_SECONDS = 3600
AUDIENCE = "https://management.azure.com"
ARM_AUDIENCES = frozenset({AUDIENCE, "https://management.core.windows.net"})
RESOURCES = ARM_AUDIENCES | {
    "https://containerregistry.azure.net",
    "https://storage.azure.com",
    "https://graph.microsoft.com",
    "https://servicebus.azure.net",
    "https://monitor.azure.com",
}
"""Resources that every tenant knows, without trailing slashes."""


@dataclass(frozen=True, slots=True)
class FederatedCredential:
    """Whose ID tokens an application accepts. All three are compared exactly."""

    issuer: str
    subject: str
    audience: str = "api://AzureADTokenExchange"


@dataclass(frozen=True, slots=True)
class Application:
    """An app registration with its service principal."""

    principal: Principal
    secret: str
    federated: tuple[FederatedCredential, ...] = ()


@dataclass(frozen=True, slots=True)
class Registered:
    """A principal, and since when the directory has it."""

    principal: Principal
    kind: str
    since: float
    resource_id: str = ""


@dataclass(slots=True)
class _Tables:
    applications: dict[str, Application] = field(default_factory=dict)
    by_object: dict[str, Registered] = field(default_factory=dict)
    by_client: dict[str, str] = field(default_factory=dict)


class EntraDirectory:
    """One tenant. Implements `contract.Directory`.

    Args:
        tenant_id: A GUID.
        resource_manager: The URL of the sandbox's own Azure Resource Manager, one more name of that service.
        clock: Seconds since 1970.

    Attributes:
        token_lifetime: Seconds that new access tokens live.
        graph: The audience of the sandbox's Microsoft Graph.
    """

    def __init__(
        self, tenant_id: str, *, resource_manager: str = AUDIENCE, clock: Callable[[], float] = time.time
    ) -> None:
        self.tenant_id = tenant_id
        self.key = SigningKey()
        self.token_lifetime: float = ACCESS_TOKEN_SECONDS
        own = resource_manager.rstrip("/")
        self.graph = f"{own}/graph"
        self.resources = RESOURCES | {own, self.graph}
        self._arm_audiences = ARM_AUDIENCES | {own}
        self._clock = clock
        self._tables = _Tables()
        self._lock = threading.RLock()

    # Principals

    def add_application(self, display_name: str) -> Application:
        """Register an application with a client secret and a service principal."""
        principal = Principal(str(uuid.uuid4()), str(uuid.uuid4()), display_name)
        # A letter first: `az login --password` takes a value with a hyphen there for an option.
        application = Application(principal, "s" + secrets.token_urlsafe(30))
        with self._lock:
            self._tables.applications[principal.client_id] = application
            self._register(principal, "Application", "")
        return application

    def add_managed_identity(self, display_name: str, resource_id: str) -> Principal:
        """The service principal that comes with a managed identity."""
        principal = Principal(str(uuid.uuid4()), str(uuid.uuid4()), display_name)
        with self._lock:
            self._register(principal, "ManagedIdentity", resource_id)
        return principal

    def remove(self, object_id: str) -> None:
        """Forget a principal. Its role assignments stay behind, as they do in Azure."""
        with self._lock:
            entry = self._tables.by_object.pop(object_id.lower(), None)
            if entry:
                self._tables.by_client.pop(entry.principal.client_id, None)
                self._tables.applications.pop(entry.principal.client_id, None)

    def registered(self, object_id: str) -> Registered | None:
        """The principal with that object id."""
        with self._lock:
            return self._tables.by_object.get(object_id.lower())

    def principals(self) -> tuple[Registered, ...]:
        """All of them."""
        with self._lock:
            return tuple(self._tables.by_object.values())

    def principal_of_client(self, client_id: str) -> Principal | None:
        """The service principal or managed identity with that client id."""
        with self._lock:
            object_id = self._tables.by_client.get(client_id.lower())
            return self._tables.by_object[object_id].principal if object_id else None

    def _register(self, principal: Principal, kind: str, resource_id: str) -> None:
        entry = Registered(principal, kind, self._clock(), resource_id)
        self._tables.by_object[principal.object_id] = entry
        self._tables.by_client[principal.client_id] = principal.object_id

    # Credentials

    def application(self, client_id: str) -> Application | None:
        """The app registration with that client id."""
        with self._lock:
            return self._tables.applications.get(client_id.lower())

    def add_federated_credential(self, client_id: str, credential: FederatedCredential) -> None:
        """Trust ID tokens with this issuer, subject and audience."""
        self._change(client_id, lambda known: (*known, credential))

    def remove_federated_credentials(self, client_id: str) -> None:
        """Trust no ID token any more."""
        self._change(client_id, lambda _: ())

    def _change(
        self, client_id: str, change: Callable[[tuple[FederatedCredential, ...]], tuple[FederatedCredential, ...]]
    ) -> None:
        with self._lock:
            application = self._tables.applications[client_id.lower()]
            self._tables.applications[client_id.lower()] = replace(application, federated=change(application.federated))

    # Access tokens

    def issue_token(self, client_id: str, audience: str) -> str:
        """An access token for the principal with that client id.

        Raises:
            LookupError: There is no such principal.
        """
        principal = self.principal_of_client(client_id)
        if principal is None:
            message = f"no principal has the client id {client_id}"
            raise LookupError(message)
        now = int(self._clock())
        # An already expired token must have been valid before.
        start = now if self.token_lifetime > 0 else now + int(self.token_lifetime) - ACCESS_TOKEN_SECONDS
        return self.key.sign(
            {
                "aud": audience,
                "iss": f"https://sts.windows.net/{self.tenant_id}/",
                "iat": start,
                "nbf": start,
                "exp": now + int(self.token_lifetime),
                "appid": principal.client_id,
                "appidacr": "2",
                "idtyp": "app",
                "oid": principal.object_id,
                "sub": principal.object_id,
                "tid": self.tenant_id,
                "uti": secrets.token_urlsafe(16),
                "ver": "1.0",
            }
        )

    def principal_of_token(self, access_token: str, audience: str) -> Principal:
        """Who presents this access token.

        `audience` may be any of ARM's names when it is one of them: they mean the same service.

        Raises:
            TokenRefused: The token does not hold for that audience.
        """
        wanted = audience.rstrip("/")
        accepted = self._arm_audiences if wanted in self._arm_audiences else {wanted}
        claims = self._claims(access_token)
        if str(claims.get("aud", "")).rstrip("/") not in accepted:
            message = f"the token is for the audience `{claims.get('aud')}`, not for `{audience}`"
            raise TokenRefused(message)
        if claims.get("tid") != self.tenant_id:
            message = f"the token is from the tenant `{claims.get('tid')}`"
            raise TokenRefused(message)
        principal = self.principal_of_client(str(claims.get("appid", "")))
        if principal is None:
            message = "the token's principal is not in the directory any more"
            raise TokenRefused(message)
        return principal

    def _claims(self, access_token: str) -> dict[str, Any]:
        options: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            claims: dict[str, Any] = jwt.decode(
                access_token, self.key.public_key, algorithms=["RS256"], options=options
            )
        except jwt.InvalidTokenError as error:
            message = f"the token is not one of this directory: {error}"
            raise TokenRefused(message) from error
        if float(claims.get("exp", 0)) <= self._clock():
            message = "the token has expired"
            raise TokenRefused(message)
        return claims
