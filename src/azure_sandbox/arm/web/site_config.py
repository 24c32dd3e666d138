"""A site's configuration: what `config/web` holds, and what it holds when nobody said anything."""

from __future__ import annotations

import re
from typing import Any

from azure_sandbox.arm.errors import WebError

DEFAULTS: dict[str, Any] = {
    "acrUseManagedIdentityCreds": False,
    "acrUserManagedIdentityID": None,
    "alwaysOn": False,
    "appCommandLine": "",
    "appSettings": None,
    "autoHealEnabled": False,
    "connectionStrings": None,
    "cors": None,
    "defaultDocuments": [],
    "detailedErrorLoggingEnabled": False,
    "ftpsState": "FtpsOnly",
    "functionAppScaleLimit": 0,
    "functionsRuntimeScaleMonitoringEnabled": False,
    "healthCheckPath": None,
    "http20Enabled": False,
    "httpLoggingEnabled": False,
    "ipSecurityRestrictions": [],
    "linuxFxVersion": "",
    "loadBalancing": "LeastRequests",
    "localMySqlEnabled": False,
    "logsDirectorySizeLimit": 35,
    "managedPipelineMode": "Integrated",
    "managedServiceIdentityId": None,
    "minTlsVersion": "1.2",
    "minimumElasticInstanceCount": 1,
    "netFrameworkVersion": "v4.0",
    "numberOfWorkers": 1,
    "preWarmedInstanceCount": 1,
    "publicNetworkAccess": None,
    "remoteDebuggingEnabled": False,
    "requestTracingEnabled": False,
    "scmIpSecurityRestrictions": [],
    "scmMinTlsVersion": "1.2",
    "scmType": "None",
    "use32BitWorkerProcess": False,
    "virtualApplications": [],
    "vnetName": "",
    "vnetRouteAllEnabled": False,
    "webSocketsEnabled": False,
    "windowsFxVersion": None,
}
ADMIN_ISOLATION = "functionsRuntimeAdminIsolationEnabled"
"""A property of the site, which is in no specification of its interface; App Service tells the host of it:
https://learn.microsoft.com/azure/azure-functions/functions-app-settings#functionsruntimeadminisolationenabled."""
_SETTING = re.compile(r"[A-Za-z0-9._]+")
_APART = {"appSettings", "connectionStrings", "azureStorageAccounts"}
"""Kept elsewhere, and shown without their secrets or not at all."""
_IN_SITE = (
    "numberOfWorkers",
    "linuxFxVersion",
    "acrUseManagedIdentityCreds",
    "acrUserManagedIdentityID",
    "alwaysOn",
    "http20Enabled",
    "functionAppScaleLimit",
    "minimumElasticInstanceCount",
)
"""What a site's own answer shows of its configuration; the rest is in `config/web`."""


def merged(known: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The configuration after a PATCH; settings are kept elsewhere and never shown."""
    changes = {name: value for name, value in given.items() if name not in _APART}
    return {**known, **changes}


def settings_in(given: dict[str, Any]) -> dict[str, str] | None:
    """The app settings in a `siteConfig`; None when it has none, and the known ones stay."""
    pairs = given.get("appSettings")
    if pairs is None:
        return None
    return checked({str(pair["name"]): pair.get("value") for pair in pairs})


def checked(settings: dict[str, Any]) -> dict[str, str]:
    """App settings as they are kept; null becomes an empty text.

    Raises:
        WebError: A name has other signs than App Service takes: microsoft/azure-pipelines-tasks#13316.
    """
    if not all(_SETTING.fullmatch(name) for name in settings):
        message = 'App setting names can only contain letters, numbers (0-9), periods ("."), and underscores ("_")'
        raise WebError(400, "BadRequest", message)
    return {name: "" if value is None else str(value) for name, value in settings.items()}


def excerpt(config: dict[str, Any]) -> dict[str, Any]:
    """The `siteConfig` in a site's answer. `appSettings` is null there: settings are secrets."""
    return {**{name: config.get(name) for name in _IN_SITE}, "appSettings": None, "connectionStrings": None}


def known_authentication(given: dict[str, Any]) -> dict[str, Any]:
    """`authsettingsV2` in an answer, with what nobody has given: it is off."""
    validation = {"requireAuthentication": False, "unauthenticatedClientAction": "AllowAnonymous"}
    return {
        **given,
        "platform": {"enabled": False, **(given.get("platform") or {})},
        "globalValidation": {**validation, **(given.get("globalValidation") or {})},
    }


def closed(*properties: dict[str, Any]) -> bool:
    """Whether a site's own properties, or its configuration, keep callers from outside its networks away."""
    return any(str(one.get("publicNetworkAccess")).lower() == "disabled" for one in properties)
