"""The function `identity`: which build runs here. For everybody; it never loads the model."""

from __future__ import annotations

import json
import os
import platform
from typing import TYPE_CHECKING, Any

import azure.functions as func

if TYPE_CHECKING:
    from collections.abc import Mapping

NEEDED = (
    "FUNCTIONS_MODEL_BUILD_ID",
    "FUNCTIONS_MODEL_MODELS",
    "FUNCTIONS_MODEL_TRIGGER",
    "FUNCTIONS_MODEL_TOOL_VERSION",
)


async def main(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the binding gives it
    """Answer with the build. `async`, so that it never waits for a thread that `init()` or `run()` holds."""
    status, body = identify(os.environ)
    return func.HttpResponse(
        json.dumps(body), status_code=status, headers={"Cache-Control": "no-store"}, mimetype="application/json"
    )


def identify(environ: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """Status and body: `build_id`, `models` (each `name` and `version`), `trigger`, `python`, `tool_version`."""
    missing = [name for name in NEEDED if not environ.get(name)]
    if missing:
        return 500, {"message": f"Not set in this image: {', '.join(missing)}. Was it made by functions-model?"}
    try:
        models = json.loads(environ["FUNCTIONS_MODEL_MODELS"])
    except ValueError:
        return 500, {"message": "FUNCTIONS_MODEL_MODELS is not JSON. Is an app setting of that name in the way?"}
    return 200, {
        "build_id": environ["FUNCTIONS_MODEL_BUILD_ID"],
        "models": models,
        "trigger": environ["FUNCTIONS_MODEL_TRIGGER"],
        "python": platform.python_version(),
        "tool_version": environ["FUNCTIONS_MODEL_TOOL_VERSION"],
    }
