"""What the Functions host reads and runs: host.json, a function.json per function, the payload, and the lock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_model.bundle import layout
from functions_model.bundle.functions import function_definitions, script_of
from functions_model.bundle.host_json import host_json
from functions_model.image.tree import FileTree, TreeFile

if TYPE_CHECKING:
    from functions_model.core.spec import DeploymentSpec

PAYLOAD_SOURCE = Path(__file__).resolve().parents[1] / "payload"


def runtime_tree(spec: DeploymentSpec, lock_text: str) -> FileTree:
    """The files of the layer `runtime`.

    Raises:
        BundleFailed: The user's own host.json does not fit; every problem is told.
    """
    folder = Path(layout.PAYLOAD).name
    documents = {f"{layout.WWWROOT}/host.json": host_json(spec)}
    for name, definition in function_definitions(spec.trigger).items():
        script = {"scriptFile": f"../{folder}/{script_of(name, spec.trigger)}"}
        documents[f"{layout.WWWROOT}/{name}/function.json"] = script | definition
    files = [TreeFile(path, _json(document)) for path, document in documents.items()]
    files += [TreeFile(f"{layout.PAYLOAD}/{file.name}", file.read_bytes()) for file in PAYLOAD_SOURCE.glob("*.py")]
    return FileTree.of([*files, TreeFile(layout.LOCK, lock_text.encode())])


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()
