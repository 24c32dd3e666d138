"""Who may do what in a registry: roles become actions, actions go into the registry's own tokens."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from azure_sandbox.contract import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.contract import Directory, Principal, RegistryDefinition, RoleBook

TOKEN_USER = "00000000-0000-0000-0000-000000000000"  # noqa: S105
"""The user name that goes with a refresh token in Basic logins (`docker login`)."""
ACCESS_SECONDS = 4500
"""An access token lives 75 minutes (Azure/acr, docs/AAD-OAuth.md)."""
REFRESH_SECONDS = 3 * 3600
AUDIENCE = "https://containerregistry.azure.net"
ARM_AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")
"""What an Entra token may be for, too, unless the registry's policy `azureADAuthenticationAsArmPolicy` forbids it."""

_READ = frozenset({"pull", "metadata_read"})
_WRITE = _READ | {"push", "metadata_write"}
_ALL = _WRITE | {"delete", "*"}
_CATALOG = "catalog"
_ROLES = {
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": _READ,  # AcrPull
    "8311e382-0749-4cb8-b61a-304f252e45ec": _WRITE,  # AcrPush
    "c2f4ef07-c644-48eb-af81-4b1b4947fb11": frozenset({"delete"}),  # AcrDelete
    "577a9874-89fd-4f24-9dbd-b5034d0ad23a": _READ | {_CATALOG},  # Container Registry Data Importer and Data Reader
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": _READ | {_CATALOG},  # Reader
    "b24988ac-6180-42a0-ab88-20f7382dd24c": _ALL | {_CATALOG},  # Contributor
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": _ALL | {_CATALOG},  # Owner
}
_ABAC_ROLES = {
    "b93aa761-3e63-49ed-ac28-beffa264f7ac": _READ,  # Container Registry Repository Reader
    "2a1e307c-b015-4ebd-883e-5b7698a07328": _WRITE,  # Container Registry Repository Writer
    "2efddaa5-3f1f-4df3-97df-af3f13818f4c": _ALL,  # Container Registry Repository Contributor
    "bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7": frozenset({_CATALOG}),  # Container Registry Repository Catalog Lister
}
_SCOPE = re.compile(r"(repository|registry):(.+):([a-z_*,]+)")


class LoginRefused(Exception):
    """The credentials do not hold. The text says why, for the sandbox's own log."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Somebody who is logged in, and what this login allows.

    Attributes:
        subject: Who, for logs.
        access: Repository name (or `registry:catalog`) -> actions.
        everything: The admin user: any action anywhere.
    """

    subject: str
    access: dict[str, frozenset[str]]
    everything: bool = False

    def allows(self, resource: str, action: str) -> bool:
        """Whether the login allows an action."""
        actions = self.access.get(resource, frozenset())
        return self.everything or action in actions or "*" in actions


class RegistryAccess:
    """Logins of one registry.

    Args:
        registry: The registry as ARM holds it now.
        directory: Checks Entra's tokens.
        roles: Says which roles a principal holds.
        clock: Seconds since the epoch.
        generation: A number that goes into access tokens; those with a smaller one than it is now have expired.
    """

    def __init__(
        self,
        registry: Callable[[], RegistryDefinition],
        directory: Directory,
        roles: RoleBook,
        clock: Callable[[], float] = time.time,
        generation: Callable[[], int] = lambda: 0,
    ) -> None:
        self._registry = registry
        self._directory = directory
        self._roles = roles
        self._clock = clock
        self._generation = generation
        self._key = secrets.token_bytes(32)

    @property
    def service(self) -> str:
        """The name that challenges and tokens carry: the login server."""
        return self._registry().login_server

    def exchange(self, access_token: str) -> str:
        """A refresh token for an Entra access token.

        Raises:
            LoginRefused: The token does not hold, or its principal has no role on this registry.
        """
        principal = self._principal(access_token)
        if not self._actions(principal.object_id):
            message = f"{principal.display_name} holds no role on {self._registry().name}"
            raise LoginRefused(message)
        return self._sign({"sub": principal.object_id, "grant_type": "refresh_token"}, REFRESH_SECONDS)

    def access_token(self, refresh_token: str, scopes: list[str]) -> str:
        """An access token for some scopes, cut down to what the roles allow now.

        Raises:
            LoginRefused: The refresh token does not hold.
        """
        claims = self._verify(refresh_token, "refresh_token")
        held = self._actions(claims["sub"])
        return self._sign_access(claims["sub"], scopes, held)

    def password_token(self, username: str, password: str, scopes: list[str]) -> str:
        """An access token for a user name and password: the admin user, or a refresh token as password.

        Raises:
            LoginRefused: They do not hold.
        """
        if username == TOKEN_USER:
            return self.access_token(password, scopes)
        self._check_admin(username, password)
        return self._sign_access(username, scopes, _ALL | {_CATALOG})

    def grant_of_basic(self, username: str, password: str) -> Grant:
        """What a Basic login allows.

        Raises:
            LoginRefused: The credentials do not hold.
        """
        if username != TOKEN_USER:
            self._check_admin(username, password)
            return Grant(username, {}, everything=True)
        try:
            return self.grant_of_token(password)
        except LoginRefused:
            claims = self._verify(password, "refresh_token")
        return _RoleGrant(claims["sub"], {}, held=self._actions(claims["sub"]))

    def grant_of_token(self, access_token: str) -> Grant:
        """What an access token allows.

        Raises:
            LoginRefused: The token does not hold.
        """
        claims = self._verify(access_token, "access_token")
        if claims["generation"] < self._generation():
            message = "the token was made to expire"
            raise LoginRefused(message)
        access = {_resource(entry["type"], entry["name"]): frozenset(entry["actions"]) for entry in claims["access"]}
        return Grant(claims["sub"], access)

    def _principal(self, access_token: str) -> Principal:
        reasons = []
        for audience in (AUDIENCE, *(ARM_AUDIENCES if self._registry().arm_tokens else ())):
            try:
                return self._directory.principal_of_token(access_token, audience)
            except TokenRefused as refused:
                reasons.append(str(refused))
        raise LoginRefused("; ".join(reasons))

    def _actions(self, object_id: str) -> frozenset[str]:
        registry = self._registry()
        table = _ABAC_ROLES if registry.abac else _ROLES
        held = self._roles.roles(object_id, registry.resource_id)
        return frozenset().union(*(table.get(role, frozenset()) for role in held))

    def _check_admin(self, username: str, password: str) -> None:
        admin = self._registry().admin
        if admin is None:
            message = "the admin user is off"
            raise LoginRefused(message)
        same_name = secrets.compare_digest(username.encode(), admin[0].encode())
        if not (secrets.compare_digest(password.encode(), admin[1].encode()) and same_name):
            message = "wrong user name or password"
            raise LoginRefused(message)

    def _sign_access(self, subject: str, scopes: list[str], held: frozenset[str]) -> str:
        access = [entry for scope in scopes if (entry := _granted(scope, held))]
        claims = {"sub": subject, "grant_type": "access_token", "access": access, "generation": self._generation()}
        return self._sign(claims, ACCESS_SECONDS)

    def _sign(self, claims: dict[str, Any], seconds: int) -> str:
        now = int(self._clock())
        more = {"iss": "Azure Container Registry", "aud": self.service, "iat": now, "nbf": now, "exp": now + seconds}
        return jwt.encode({"jti": secrets.token_hex(16), **more, **claims}, self._key, algorithm="HS256")

    def _verify(self, token: str, kind: str) -> dict[str, Any]:
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=self.service,
                # The clock is an argument here, so the times are compared below.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise LoginRefused(str(error)) from error
        if claims.get("grant_type") != kind or claims["exp"] <= self._clock():
            message = "the token has expired or is of another kind"
            raise LoginRefused(message)
        return dict(claims)


@dataclass(frozen=True, slots=True)
class _RoleGrant(Grant):
    """A refresh token used directly: whatever the roles allow, in every repository."""

    held: frozenset[str] = frozenset()

    def allows(self, resource: str, action: str) -> bool:
        wanted = _CATALOG if resource == "registry:catalog" else action
        return wanted in self.held


def _granted(scope: str, held: frozenset[str]) -> dict[str, Any] | None:
    match = _SCOPE.fullmatch(scope)
    if match is None:
        return None
    kind, name, actions = match[1], match[2], match[3].split(",")
    if kind == "registry":
        granted = ["*"] if name == "catalog" and _CATALOG in held else []
    else:
        granted = [action for action in actions if action in held]
    return {"type": kind, "name": name, "actions": granted}


def _resource(kind: str, name: str) -> str:
    return name if kind == "repository" else f"{kind}:{name}"
