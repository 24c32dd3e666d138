"""What the Functions host reads and runs: host.json, a function.json per function, the payload, and the lock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_model.bundle import layout
from functions_model.core.spec import AuthLevel
from functions_model.image.tree import FileTree, TreeFile

if TYPE_CHECKING:
    from functions_model.core.spec import Trigger

PAYLOAD_SOURCE = Path(__file__).resolve().parents[1] / "payload"

HOST_JSON: dict[str, Any] = {
    "version": "2.0",
    # Any other range makes the host download a bundle at each cold start: the base images carry a v4 one only.
    "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"},
    # The first call runs init(). 30 minutes is the default on Premium and Dedicated plans, and far above Consumption's.
    "functionTimeout": "00:30:00",
    "logging": {"logLevel": {"default": "Information"}, "console": {"isEnabled": True}},
}


def function_definitions(trigger: Trigger) -> dict[str, dict[str, Any]]:
    """Each function's name and function.json."""
    return {
        "score": _http("score", ("get", "post"), trigger.auth_level),
        "swagger": _http("swagger.json", ("get",), trigger.auth_level),
        "identity": _http("identity", ("get",), AuthLevel.ANONYMOUS),
    }


def runtime_tree(trigger: Trigger, lock_text: str) -> FileTree:
    """The files of the layer `runtime`."""
    folder = Path(layout.PAYLOAD).name
    documents = {f"{layout.WWWROOT}/host.json": HOST_JSON}
    for name, definition in function_definitions(trigger).items():
        script = {"scriptFile": f"../{folder}/{name}.py"}
        documents[f"{layout.WWWROOT}/{name}/function.json"] = script | definition
    files = [TreeFile(path, _json(document)) for path, document in documents.items()]
    files += [TreeFile(f"{layout.PAYLOAD}/{file.name}", file.read_bytes()) for file in PAYLOAD_SOURCE.glob("*.py")]
    return FileTree.of([*files, TreeFile(layout.LOCK, lock_text.encode())])


def _http(route: str, methods: tuple[str, ...], auth_level: AuthLevel) -> dict[str, Any]:
    trigger = {
        "type": "httpTrigger",
        "direction": "in",
        "name": "req",
        "route": route,
        "methods": list(methods),
        "authLevel": auth_level.value,
    }
    return {"bindings": [trigger, {"type": "http", "direction": "out", "name": "$return"}]}


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()
