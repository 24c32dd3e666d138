"""How the platform logs in to an app's registry: by the app's identity, or by the credentials in its settings."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx

from azure_sandbox.apps.engine import PullFailed
from azure_sandbox.apps.image_pull import AS_ENGINE, said

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.contract import Directory, SiteDefinition

AUDIENCE = "https://management.azure.com"
"""App Service logs in with a token for Azure Resource Manager, so that a registry that takes none refuses the pull:
MicrosoftDocs/azure-docs#128528, articles/app-service/configure-custom-container.md."""
TOKEN_USER = "00000000-0000-0000-0000-000000000000"  # noqa: S105 - a user name
_PREFIX = "DOCKER|"


def image_of(site: SiteDefinition) -> str:
    """The image that the site's linuxFxVersion names.

    Raises:
        PullFailed: It names none.
    """
    if not site.linux_fx_version.upper().startswith(_PREFIX):
        message = f"linuxFxVersion `{site.linux_fx_version}` names no image"
        raise PullFailed(message)
    return site.linux_fx_version[len(_PREFIX) :].removeprefix("https://")


def registry_login(site: SiteDefinition, directory: Directory, ca_file: Path) -> tuple[str, str] | None:
    """User name and password for the registry; None when the site has none.

    Raises:
        PullFailed: The site's identity is not its own, or the registry gives it no token.
    """
    if site.acr_identity_client_id:
        return TOKEN_USER, _exchange(site, site.acr_identity_client_id, directory, ca_file)
    if not _is_for(site, image_of(site).partition("/")[0]):
        return None
    username = site.app_settings.get("DOCKER_REGISTRY_SERVER_USERNAME")
    password = site.app_settings.get("DOCKER_REGISTRY_SERVER_PASSWORD")
    return (username, password) if username and password else None


def _is_for(site: SiteDefinition, host: str) -> bool:
    """Whether the settings' credentials are those of a registry; without a URL they are Docker Hub's."""
    url = site.app_settings.get("DOCKER_REGISTRY_SERVER_URL", "")
    return url.lower().removeprefix("https://").partition("/")[0] == host.lower()


def _exchange(site: SiteDefinition, client_id: str, directory: Directory, ca_file: Path) -> str:
    if client_id.lower() not in {known.lower() for known in site.identities}:
        message = f"the site does not have the identity {client_id} that acrUserManagedIdentityID names"
        raise PullFailed(message)
    host = image_of(site).partition("/")[0]
    form = {
        "grant_type": "access_token",
        "service": host,
        "access_token": directory.issue_token(client_id, AUDIENCE),
    }
    try:
        trust = ssl.create_default_context(cafile=ca_file)
        answer = httpx.post(
            f"https://{host}/oauth2/exchange", data=form, verify=trust, trust_env=False, timeout=30, headers=AS_ENGINE
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = f"https://{host}/oauth2/exchange cannot be reached: {error}"
        raise PullFailed(message) from error
    if answer.status_code == 403:
        message = f"denied: {said(answer)}"
        raise PullFailed(message)
    if answer.status_code != 200:
        message = (
            f"unauthorized: the managed identity {client_id} got no token from {host} (HTTP {answer.status_code}). "
            "It needs the role AcrPull on the registry"
        )
        raise PullFailed(message)
    return str(answer.json()["refresh_token"])
