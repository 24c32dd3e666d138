"""What comes in and goes out, collected without a word of the script: `request` and `response`, as Azure ML calls them.

HTTP requests, blobs and messages are all one request to the inference server, so one place sees them all.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from .collected import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from .collecting import Collecting

SCORE = "/score"
REQUEST, RESPONSE = "request", "response"
_ID = "x-ms-request-id"
"""The inference server's own id of a request, in its answer."""


def with_records(application: WSGIApplication, collecting: Collecting) -> WSGIApplication:
    """The same application; bytes pass as they are. One that none of this is collected of comes back as it was."""
    if not any(collecting.rates.get(name, 0) for name in (REQUEST, RESPONSE)):
        return application

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != SCORE:
            return application(environ, start_response)
        asked, told = _body(environ), _Told(start_response)
        given = application(environ, told)
        try:
            answered = b"".join(given)
        finally:
            if close := getattr(given, "close", None):
                close()
        _collect(collecting, environ, asked, told, answered)
        return (answered,)

    return answer


class _Told:
    """Status and headers on their way to the server."""

    def __init__(self, start_response: StartResponse) -> None:
        self._start = start_response
        self.status = ""
        self.headers: dict[str, str] = {}

    def __call__(self, status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
        self.status, self.headers = status, {name.lower(): value for name, value in headers}
        return self._start(status, headers, *more)


def _body(environ: WSGIEnvironment) -> bytes:
    """The whole body, and its stream where it was."""
    stream = environ["wsgi.input"]
    start = stream.tell()
    body: bytes = stream.read()
    stream.seek(start)
    return body


def _collect(collecting: Collecting, environ: WSGIEnvironment, asked: bytes, told: _Told, answered: bytes) -> None:
    """Both records of a request, or those of them that are wanted."""
    correlation = told.headers.get(_ID) or str(uuid.uuid4())
    method = str(environ.get("REQUEST_METHOD", "POST"))
    if collecting.wants(REQUEST, correlation):
        more = {"path": SCORE, "method": method}
        kind = str(environ.get("CONTENT_TYPE") or "")
        collecting.sink.put(Record(REQUEST, asked, kind, correlation, more=more))
    if collecting.wants(RESPONSE, correlation):
        more = {"path": SCORE, "method": method, "statuscode": told.status.partition(" ")[0]}
        kind = told.headers.get("content-type", "")
        collecting.sink.put(Record(RESPONSE, answered, kind, correlation, more=more))
