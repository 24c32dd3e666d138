"""One HTTP invocation, answered by the inference server. Whatever happens, the caller gets an answer in JSON."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

import azure.functions as func

from .exchange import ROUTE, functions_response, wsgi_environ
from .failures import failure_of
from .measured import MEASURES
from .noted import FAILURE, NOTES
from .starting import StartFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from wsgiref.types import WSGIApplication

    from .failures import ScriptFailure
    from .starting import Started

logger = logging.getLogger("functions_model")

BUILD = "x-functions-model-build"
"""The header that tells which build gave an answer: while an image changes, old instances answer beside new ones."""
_FAILED = {"x-ms-run-function-failed": "True"}
_DROPPED = (
    "The body did not arrive: the Functions host drops bodies that come in chunks (Transfer-Encoding: chunked). "
    "Send it with a Content-Length."
)


def answer(
    request: func.HttpRequest,
    path: str,
    server: Started[WSGIApplication],
    environ: Mapping[str, str] = os.environ,
    *,
    route: str | None = None,
) -> func.HttpResponse:
    """What the inference server answers on `path`; its own status 500 and error body when it gives up.

    A request whose body the host has dropped is refused with 411: scoring nothing would look like an answer.

    Args:
        request: As the worker gives it.
        path: The server's own path.
        server: The inference server.
        environ: The image's variables.
        route: The function's own path, where it is another one than the server's.
    """
    answered = _answered(request, path, server, environ, route)
    answered.headers[BUILD] = environ.get("FUNCTIONS_MODEL_BUILD_ID", "")
    return answered


def _answered(
    request: func.HttpRequest,
    path: str,
    server: Started[WSGIApplication],
    environ: Mapping[str, str],
    route: str | None,
) -> func.HttpResponse:
    if _was_dropped(request):
        return _problem(_DROPPED, 411, {})
    try:
        application = server.get()
    except StartFailed as failed:
        logger.error("%s", failed)
        return _told(_problem(str(failed)), failed.failure)
    hide_key = environ.get("FUNCTIONS_MODEL_AUTH_LEVEL") != "anonymous"
    try:
        wsgi = wsgi_environ(request, path, route=route, hide_key=hide_key)
        if route:
            wsgi[ROUTE] = route
        NOTES.take()
        return _told(functions_response(MEASURES.scored(application, wsgi)), NOTES.take())
    except BaseException as error:  # noqa: BLE001 - the server lets SystemExit of run() pass, and it would end the worker process
        problem = _problem("An unexpected error occurred in scoring script. Check the logs for more info.")
        return _told(problem, broke_out(error))


def broke_out(error: BaseException) -> ScriptFailure:
    """Note and log what the script ended the inference server with."""
    failure = failure_of(error)
    NOTES.failed(failure)
    logger.error("The scoring script broke out of the inference server\n%s", failure.traceback)
    return failure


def _told(response: func.HttpResponse, failure: ScriptFailure | None) -> func.HttpResponse:
    """The answer, with the id of a failure: it says nothing to those who may not ask for more."""
    if failure is not None:
        response.headers[FAILURE] = failure.id
    return response


def _was_dropped(request: func.HttpRequest) -> bool:
    """Whether there was a body that the host did not pass on.

    It passes on those of a known length alone, and all headers: Azure/azure-functions-host, issue #4926, and
    src/WebJobs.Script.Grpc/MessageExtensions/GrpcMessageConversionExtensions.cs:209.
    """
    return "chunked" in request.headers.get("transfer-encoding", "").lower() and not request.get_body()


def _problem(message: str, status: int = 500, headers: Mapping[str, str] = _FAILED) -> func.HttpResponse:
    """In the inference server's own shape."""
    body = json.dumps({"message": message})
    return func.HttpResponse(body, status_code=status, headers=dict(headers), mimetype="application/json")
