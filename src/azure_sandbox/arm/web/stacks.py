"""`GET /providers/Microsoft.Web/functionAppStacks`: the runtimes on offer (az reads them first)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import LOGIN_ONLY, ArmRoute

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest

PYTHONS = ("3.13", "3.12", "3.11", "3.10")


def routes() -> list[ArmRoute]:
    """Where it answers."""
    return [
        ArmRoute("GET", "/providers/Microsoft.Web/functionAppStacks", _list, LOGIN_ONLY),
        ArmRoute("GET", "/providers/Microsoft.Web/locations/{location}/functionAppStacks", _list, LOGIN_ONLY),
    ]


def _list(request: ArmRequest) -> ArmResponse:
    if request.query.get("stackostype", "linux").lower() == "windows":
        return listing([])
    minors = [_minor(version, is_default=version == PYTHONS[0]) for version in PYTHONS]
    major = {"displayText": "Python 3", "value": "3", "minorVersions": minors}
    properties = {"displayText": "Python", "value": "python", "preferredOs": "linux", "majorVersions": [major]}
    kind = "Microsoft.Web/functionAppStacks"
    return listing([{"id": f"/providers/{kind}/python", "name": "python", "type": kind, "properties": properties}])


def _minor(version: str, *, is_default: bool) -> dict[str, Any]:
    fx = f"Python|{version}"
    settings = {
        "runtimeVersion": fx,
        "isDefault": is_default,
        "isPreview": False,
        "isHidden": False,
        "isDeprecated": False,
        "remoteDebuggingSupported": False,
        "appInsightsSettings": {"isSupported": True},
        "gitHubActionSettings": {"isSupported": True, "supportedVersion": version},
        "appSettingsDictionary": {"FUNCTIONS_WORKER_RUNTIME": "python"},
        "siteConfigPropertiesDictionary": {"use32BitWorkerProcess": False, "linuxFxVersion": fx},
        "supportedFunctionsExtensionVersions": ["~4"],
    }
    return {
        "displayText": f"Python {version}",
        "value": version,
        "stackSettings": {"linuxRuntimeSettings": settings},
    }
