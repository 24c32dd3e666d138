"""What every route of a registry works with, and the check that comes first in each."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_sandbox.registry import errors
from azure_sandbox.registry.access import LoginRefused

if TYPE_CHECKING:
    from starlette.requests import Request

    from azure_sandbox.registry.access import Grant, RegistryAccess
    from azure_sandbox.registry.content import ContentStore
    from azure_sandbox.registry.uploads import Uploads

METADATA, CHANGE_METADATA = "metadata_read", "metadata_write"
_ACTIONS = {"pull": "pull", "push": "pull,push"}
"""What a challenge asks for; other actions are asked for by their own names."""


@dataclass(frozen=True, slots=True)
class Registry:
    """One registry.

    Attributes:
        store: Its content.
        access: Its logins; None for a registry that everybody may read and nobody may write.
        uploads: Uploads under way.
    """

    store: ContentStore
    access: RegistryAccess | None
    uploads: Uploads

    @staticmethod
    def of(request: Request) -> Registry:
        """The registry that a request is for."""
        registry = request.app.state.registry
        assert isinstance(registry, Registry)  # noqa: S101
        return registry


def authorize(request: Request, repository: str | None, action: str = "pull") -> Registry:
    """The registry, when the request's login allows the action. `None` as repository asks for any login.

    Raises:
        RegistryError: 401 with the challenge that says which token is wanted.
    """
    registry = Registry.of(request)
    if registry.access is None:
        return registry
    scope = f"repository:{repository}:{_ACTIONS.get(action, action)}" if repository else ""
    grant = _require_login(request, registry.access, scope)
    if repository is not None and not _allowed(grant, repository, action):
        raise errors.unauthorized(
            _challenge(registry.access, scope, "insufficient_scope"),
            [{"Type": "repository", "Class": "", "Name": repository, "Action": action}],
        )
    return registry


def authorize_catalog(request: Request) -> Registry:
    """The registry, when the login may list its repositories.

    Raises:
        RegistryError: 401 with the challenge.
    """
    registry = Registry.of(request)
    if registry.access is not None:
        scope = "registry:catalog:*"
        if not _require_login(request, registry.access, scope).allows("registry:catalog", "*"):
            raise errors.unauthorized(_challenge(registry.access, scope, "insufficient_scope"))
    return registry


def may_pull(request: Request, repository: str) -> bool:
    """Whether the login may read another repository: the source of a mount."""
    access = Registry.of(request).access
    if access is None:
        return True
    grant = _grant(request, access)
    return grant is not None and grant.allows(repository, "pull")


def basic_credentials(request: Request) -> tuple[str, str] | None:
    """User name and password of a Basic login; None when there is none."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        username, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return username, password


def _require_login(request: Request, access: RegistryAccess, scope: str) -> Grant:
    grant = _grant(request, access)
    if grant is None:
        raise errors.unauthorized(_challenge(access, scope, "invalid_token" if _has_login(request) else ""))
    return grant


def _has_login(request: Request) -> bool:
    return "authorization" in request.headers


def _grant(request: Request, access: RegistryAccess) -> Grant | None:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        if kind.lower() == "bearer":
            return access.grant_of_token(value.strip())
        credentials = basic_credentials(request)
        return access.grant_of_basic(*credentials) if credentials else None
    except LoginRefused:
        return None


def _allowed(grant: Grant, repository: str, action: str) -> bool:
    # Tokens with `pull` read tags as well.
    return grant.allows(repository, action) or (action == METADATA and grant.allows(repository, "pull"))


def _challenge(access: RegistryAccess, scope: str, error: str) -> str:
    parts = [f'realm="https://{access.service}/oauth2/token"', f'service="{access.service}"']
    parts += [f'scope="{scope}"'] if scope else []
    parts += [f'error="{error}"'] if error else []
    return f"Bearer {','.join(parts)}"
