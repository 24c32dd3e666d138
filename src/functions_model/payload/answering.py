"""One HTTP invocation, answered by the inference server. Whatever happens, the caller gets an answer in JSON."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

import azure.functions as func
from werkzeug.wrappers import Response

from .exchange import functions_response, wsgi_environ
from .starting import StartFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from wsgiref.types import WSGIApplication

    from .starting import Started

logger = logging.getLogger("functions_model")


def answer(
    request: func.HttpRequest,
    path: str,
    server: Started[WSGIApplication],
    environ: Mapping[str, str] = os.environ,
    *,
    route: str | None = None,
) -> func.HttpResponse:
    """What the inference server answers on `path`; its own status 500 and error body when it gives up.

    Args:
        request: As the worker gives it.
        path: The server's own path.
        server: The inference server.
        environ: The image's variables.
        route: The function's own path, where it is another one than the server's.
    """
    try:
        application = server.get()
    except StartFailed as failure:
        logger.error("%s", failure)
        return _problem(str(failure))
    hide_key = environ.get("FUNCTIONS_MODEL_AUTH_LEVEL") != "anonymous"
    try:
        wsgi = wsgi_environ(request, path, route=route, hide_key=hide_key)
        return functions_response(Response.from_app(application, wsgi, buffered=True))
    except BaseException:  # the server lets SystemExit of run() pass, and it would end the worker process
        logger.exception("The scoring script broke out of the inference server")
        return _problem("An unexpected error occurred in scoring script. Check the logs for more info.")


def _problem(message: str) -> func.HttpResponse:
    """In the inference server's own shape."""
    headers = {"x-ms-run-function-failed": "True"}
    return func.HttpResponse(
        json.dumps({"message": message}), status_code=500, headers=headers, mimetype="application/json"
    )
