"""`GET /providers/Microsoft.Web/functionAppStacks`: the runtimes on offer (az reads them first)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import LOGIN_ONLY, ArmRoute

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest

PYTHONS = ("3.13", "3.12", "3.11", "3.10")
DOTNETS = ("8.0",)
"""az takes .NET for an app from an image when nobody names a runtime, and looks it up here."""


def routes() -> list[ArmRoute]:
    """Where it answers."""
    return [
        ArmRoute("GET", "/providers/Microsoft.Web/functionAppStacks", _list, LOGIN_ONLY),
        ArmRoute("GET", "/providers/Microsoft.Web/locations/{location}/functionAppStacks", _list, LOGIN_ONLY),
    ]


def _list(request: ArmRequest) -> ArmResponse:
    if request.query.get("stackostype", "linux").lower() == "windows":
        return listing([])
    return listing([_stack("python", "Python", PYTHONS), _stack("dotnet", ".NET", DOTNETS)])


def _stack(name: str, shown: str, versions: tuple[str, ...]) -> dict[str, Any]:
    minors = [_minor(name, shown, version, is_default=version == versions[0]) for version in versions]
    number = versions[0].partition(".")[0]
    major = {"displayText": f"{shown} {number}", "value": number, "minorVersions": minors}
    properties = {"displayText": shown, "value": name, "preferredOs": "linux", "majorVersions": [major]}
    kind = "Microsoft.Web/functionAppStacks"
    return {"id": f"/providers/{kind}/{name}", "name": name, "type": kind, "properties": properties}


def _minor(name: str, shown: str, version: str, *, is_default: bool) -> dict[str, Any]:
    fx = f"{name}|{version}"
    settings = {
        "runtimeVersion": fx,
        "isDefault": is_default,
        "isPreview": False,
        "isHidden": False,
        "isDeprecated": False,
        "remoteDebuggingSupported": False,
        "appInsightsSettings": {"isSupported": True},
        "gitHubActionSettings": {"isSupported": True, "supportedVersion": version},
        "appSettingsDictionary": {"FUNCTIONS_WORKER_RUNTIME": name},
        "siteConfigPropertiesDictionary": {"use32BitWorkerProcess": False, "linuxFxVersion": fx},
        "supportedFunctionsExtensionVersions": ["~4"],
    }
    return {
        "displayText": f"{shown} {version}",
        "value": version,
        "stackSettings": {"linuxRuntimeSettings": settings},
    }
