"""`/sandbox/apps/<name>/files`: files of a running app exchanged in place, for whoever was given the token."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request


def desk(edit: Callable[[str, Mapping[str, bytes]], str], token: str) -> list[Route]:
    """The routes. The body is a JSON object: absolute path -> content in base64. Deleting starts the app's own image.

    What may not be is answered with 409 and `{"problem": why}`.

    Args:
        edit: See `DataPlane.edit`.
        token: Shown as `Authorization: Bearer <token>`: code that is put here runs as whoever runs the sandbox.
    """

    async def exchange(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {token}"):
            return Response(status_code=401)
        try:
            given = await request.json() if request.method == "PUT" else {}
            files = {str(path): base64.b64decode(content, validate=True) for path, content in given.items()}
        except (AttributeError, TypeError, ValueError, binascii.Error) as error:
            return JSONResponse({"problem": str(error)}, 400)
        problem = await run_in_threadpool(edit, request.path_params["name"], files)
        return JSONResponse({"problem": problem}, 409) if problem else Response(status_code=204)

    return [Route("/sandbox/apps/{name}/files", exchange, methods=["PUT", "DELETE"])]
