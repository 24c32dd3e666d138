"""`/admin`: what the host tells about itself, to those who have the master key."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .host import ScriptHost
    from .index import Function

Answer = tuple[int, Any]


def answer_admin(host: ScriptHost, method: str, path: str, base: str) -> Answer:
    """Status and JSON body for a path below `/admin`, for a caller with the master key."""
    parts = path.strip("/").lower().split("/")[1:]
    if parts == ["host", "status"]:
        return 200, host_status(host)
    if parts == ["host", "synctriggers"] and method == "POST":
        return 200, {"status": "success"}
    if parts == ["host", "restart"] and method == "POST":
        host.restart()
        return 200, {"isFileSystemReadOnly": False, "scriptPath": str(host.options.script_root)}
    if parts == ["functions"]:
        return 200, [describe(host, function, base) for function in host.functions]
    if parts[:1] == ["functions"] and len(parts) in {2, 3}:
        return _answer_function(host, parts[1], "/".join(parts[2:]), base)
    return 404, None


def host_status(host: ScriptHost) -> dict[str, Any]:
    """The body of `/admin/host/status`."""
    bundle = host.options.bundle
    status: dict[str, Any] = {
        "id": socket.gethostname(),
        "state": host.state,
        "version": host.options.version,
        "versionDetails": f"{host.options.version} (sandbox)",
        "platformVersion": "",
        "instanceId": host.instance_id,
        "computerName": socket.gethostname(),
        "processUptime": host.uptime_ms,
        "functionAppContentEditingState": "NotAllowed",
    }
    if host.errors:
        status["errors"] = host.errors
    if bundle:
        status["extensionBundle"] = {"id": bundle.get("id", ""), "version": bundle.get("version", "")}
    return status


def describe(host: ScriptHost, function: Function, base: str) -> dict[str, Any]:
    """One function as `/admin/functions` shows it."""
    script = function.script.name if function.script else ""
    return {
        "name": function.name,
        "script_href": f"{base}/admin/vfs/site/wwwroot/{function.name}/{script}",
        "href": f"{base}/admin/functions/{function.name}",
        # In lower case: Azure/azure-functions-host, FunctionMetadataExtensions.cs:247.
        "invoke_url_template": f"{base}/{function.route.text}".lower() if function.route else None,
        "language": "python",
        "isDisabled": function.disabled,
        "isDirect": False,
        "isProxy": False,
        "config": function.config,
        "errors": host.status_errors(function),
    }


def _answer_function(host: ScriptHost, name: str, what: str, base: str) -> Answer:
    found = [function for function in host.functions if function.name.lower() == name]
    if not found:
        return 404, None
    function = found[0]
    if not what:
        return 200, describe(host, function, base)
    if what == "status":
        errors = host.status_errors(function)
        return 200, {"errors": errors} if errors else {}
    if what == "keys":
        keys = host.keyring.of_function(function.name)
        return 200, {"keys": [{"name": key, "value": value} for key, value in keys.items()]}
    return 404, None


def to_json(body: object) -> bytes:
    """A JSON body; empty for None."""
    return b"" if body is None else json.dumps(body).encode()
