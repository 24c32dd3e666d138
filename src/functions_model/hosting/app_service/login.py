"""App Service's authentication, a program in front of the app: who has not logged in never reaches the app."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

from functions_model.azure.api_versions import WEB
from functions_model.azure.misread import understood
from functions_model.hosting.app_service.site import Site

if TYPE_CHECKING:
    from azure.mgmt.web.models import GlobalValidation

_REDIRECT = "RedirectToLoginPage"
_ACTIONS = {302: _REDIRECT, 403: "Return403", 404: "Return404"}
"""What it answers those who have not logged in, beside 401:
https://learn.microsoft.com/rest/api/appservice/web-apps/get-auth-settings-v2, UnauthenticatedClientActionV2."""


def asks_for_login(site: Site, status: int, headers: Mapping[str, str]) -> bool:
    """Whether it gave an answer to a request for a page, or a function, of the app.

    The Functions host answers 401 without `WWW-Authenticate` where a key is missing (Azure/azure-functions-host,
    FunctionInvocationMiddleware.cs). Other answers may be anybody's, so its settings say whether it gives such.
    """
    if status == 401:
        return any(name.lower() == "www-authenticate" for name in headers)
    return status in _ACTIONS and _ACTIONS[status] == _action(site)


def _action(site: Site) -> str:
    """What it does with those who have not logged in; empty where it lets them in, or may not be asked."""
    validation = _validation(site)
    if validation is None or not validation.require_authentication:
        return ""
    return validation.unauthenticated_client_action or _REDIRECT


def _validation(site: Site) -> GlobalValidation | None:
    """Its settings of whom it lets in; None where it is off, or may not be asked."""
    try:
        with understood():
            found = site.get_auth_settings()
    except AzureError:
        return None
    return found.global_validation if found.platform and found.platform.enabled else None


def let_through(site: Site, paths: Sequence[str]) -> str:
    """The command by which everybody reaches these paths, and those that it lets through already.

    `az webapp auth` has such settings in an extension alone.
    """
    validation = _validation(site)
    known = (validation.excluded_paths if validation else None) or []
    every = json.dumps([*known, *(path for path in paths if path not in known)], separators=(",", ":"))
    return (
        f"az resource update --api-version {WEB} --ids"
        f' "$(az functionapp show {site.names.flags} --query id --output tsv)/config/authsettingsV2"'
        f" --set {shlex.quote(f'properties.globalValidation.excludedPaths={every}')}"
    )
