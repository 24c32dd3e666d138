"""A Functions request as a WSGI environment, and a WSGI answer as a Functions response. No body is read or copied."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit

import azure.functions as func

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIApplication

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""RFC 9110 section 7.6.1, and the older names."""
REQUEST_ONLY = frozenset({"host", "content-length", "content-type", "expect"})
"""Made anew from the request itself."""
KEY_HEADERS = frozenset({"x-functions-key", "x-original-url", "x-waws-unencoded-url"})
"""The function key, and the headers in which App Service repeats the query with the key in it."""
ROUTE = "functions_model.route"
"""The key of a WSGI environment that says which function but `score` asks."""
_NOT_SENT = HOP_BY_HOP | REQUEST_ONLY - {"content-type"}
_NOT_SENT_WITH_KEY = _NOT_SENT | KEY_HEADERS
_NOT_ANSWERED = HOP_BY_HOP | {"content-length"}


class Answer(NamedTuple):
    """What a WSGI application answers.

    Attributes:
        status: The HTTP status.
        headers: Names, as the application spells them, and values.
        body: All of it.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def answer_of(application: WSGIApplication, environ: dict[str, Any]) -> Answer:
    """Call an application. A body that is one piece is passed on as it is."""
    told: list[Any] = []
    pieces: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:  # noqa: ARG001
        told[:] = status, headers
        return pieces.append

    answered = application(environ, start_response)
    try:
        pieces.extend(answered)
    finally:
        if close := getattr(answered, "close", None):
            close()
    status, headers = told
    return Answer(int(status.partition(" ")[0]), headers, b"".join(pieces))


def wsgi_environ(
    request: func.HttpRequest, path: str, *, route: str | None = None, hide_key: bool = True
) -> dict[str, Any]:
    """The WSGI environment of a request.

    Args:
        request: As the worker gives it. Its `url` has the query as the caller sent it; `params` has lost repetitions.
        path: The server's own path: `/score`.
        route: The function's own path, where it is another one. What the url has before it becomes the script name:
            `/api`.
        hide_key: Leave out the caller's function key, in the query and in the headers.
    """
    url = urlsplit(request.url)
    query = _without_key(url.query) if hide_key and url.query else url.query
    base = SplitResult(url.scheme or "https", url.netloc or "localhost", _prefix(url.path, route or path), query, "")
    headers = list(request.headers.items())
    dropped = _with_named(_NOT_SENT_WITH_KEY if hide_key else _NOT_SENT, headers)
    kept = [(name, value) for name, value in headers if name.lower() not in dropped]
    return environ_of(request.method, base, path, kept, request.get_body() or b"")


def environ_of(
    method: str, base: SplitResult, path: str, headers: Iterable[tuple[str, str]], body: bytes
) -> dict[str, Any]:
    """The WSGI environment that a server gives an application: PEP 3333.

    Like gunicorn, which is Azure ML's server, it says that the body ends by itself: so werkzeug reads it without
    copying it.

    Args:
        method: The HTTP method.
        base: The address before the server's own path, and the query.
        path: The server's own path.
        headers: Names and values; the type of the body is one of them, its length is not.
        body: The body.
    """
    name, _, port = base.netloc.partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": _latin(unquote(base.path)),
        "PATH_INFO": path,
        "QUERY_STRING": _latin(base.query),
        "REQUEST_URI": path,
        "RAW_URI": path,
        "SERVER_NAME": name,
        "SERVER_PORT": port or ("443" if base.scheme == "https" else "80"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": base.netloc,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": base.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for header, value in headers:
        upper = header.upper()
        key = "CONTENT_TYPE" if upper == "CONTENT-TYPE" else f"HTTP_{upper.replace('-', '_')}"
        environ[key] = f"{environ[key]}, {value}" if key in environ else value
    return environ


def functions_response(answer: Answer) -> func.HttpResponse:
    """The worker's response for a WSGI answer: status, headers and bytes as they are.

    The worker keeps one value per header name, so repeated headers are joined with commas, which RFC 9110 section 5.3
    calls the same; `Set-Cookie`, which must not be joined, has a way of its own through the worker.
    """
    dropped = _with_named(_NOT_ANSWERED, answer.headers)
    headers: dict[str, tuple[str, str]] = {}
    cookies = []
    for name, value in answer.headers:
        key = name.lower()
        if key == "set-cookie":
            cookies.append(value)
        elif key not in dropped:
            headers[key] = (headers[key][0], f"{headers[key][1]}, {value}") if key in headers else (name, value)
    response = func.HttpResponse(answer.body, status_code=answer.status, headers=dict(headers.values()))
    for cookie in cookies:
        response.headers.add("Set-Cookie", cookie)
    return response


def _prefix(url_path: str, path: str) -> str:
    """What stands before the server's path, matched as the host does it: without regard to case."""
    whole = url_path.rstrip("/")
    return whole[: -len(path)] if whole.lower().endswith(path.lower()) else ""


def _without_key(query: str) -> str:
    return "&".join(part for part in query.split("&") if unquote_plus(part.partition("=")[0]).lower() != "code")


def _with_named(dropped: frozenset[str], headers: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Names of headers, and those that the header `Connection` names."""
    for name, value in headers:
        if name.lower() == "connection":
            dropped |= {one.strip().lower() for one in value.split(",")}
    return dropped


def _latin(text: str) -> str:
    """Text as WSGI wants it: each byte of its UTF-8 as one character."""
    return text if text.isascii() else text.encode().decode("latin-1")
