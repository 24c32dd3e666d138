"""A site's configuration: what `config/web` holds, and what it holds when nobody said anything."""

from __future__ import annotations

from typing import Any

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
    changes = {name: value for name, value in given.items() if name not in {"appSettings", "connectionStrings"}}
    return {**known, **changes}


def settings_in(given: dict[str, Any]) -> dict[str, str] | None:
    """The app settings in a `siteConfig`; None when it has none, and the known ones stay."""
    pairs = given.get("appSettings")
    if pairs is None:
        return None
    return {str(pair["name"]): "" if pair.get("value") is None else str(pair["value"]) for pair in pairs}


def excerpt(config: dict[str, Any]) -> dict[str, Any]:
    """The `siteConfig` in a site's answer. `appSettings` is null there: settings are secrets."""
    return {**{name: config.get(name) for name in _IN_SITE}, "appSettings": None, "connectionStrings": None}
