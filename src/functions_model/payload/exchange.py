"""A Functions request as a WSGI environment, and a WSGI answer as a Functions response. Bodies pass unread."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlsplit

import azure.functions as func
from werkzeug.test import EnvironBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.datastructures import Headers
    from werkzeug.wrappers import Response

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
    body = request.get_body() or b""
    prefix = _prefix(url.path, route or path)
    builder = EnvironBuilder(
        method=request.method,
        path=path,
        base_url=f"{url.scheme or 'https'}://{url.netloc or 'localhost'}{prefix}/",
        query_string=_without_key(url.query) if hide_key else url.query,
        headers=_request_headers(request.headers, hide_key=hide_key),
        content_type=request.headers.get("content-type"),
        content_length=len(body),
        input_stream=io.BytesIO(body),
    )
    return builder.get_environ()


def functions_response(answer: Response) -> func.HttpResponse:
    """The worker's response for a WSGI answer: status, headers and bytes as they are.

    The worker keeps one value per header name, so repeated headers are joined with commas, which RFC 9110 section 5.3
    calls the same; `Set-Cookie`, which must not be joined, has a way of its own through the worker.
    """
    headers: dict[str, str] = {}
    for name in dict.fromkeys(name.lower() for name, _ in answer.headers):
        if name not in _dropped(answer.headers) and name != "set-cookie":
            headers[_spelling(answer.headers, name)] = ", ".join(answer.headers.getlist(name))
    response = func.HttpResponse(answer.get_data(), status_code=answer.status_code, headers=headers)
    for cookie in answer.headers.getlist("set-cookie"):
        response.headers.add("Set-Cookie", cookie)
    return response


def _prefix(url_path: str, path: str) -> str:
    """What stands before the server's path, matched as the host does it: without regard to case."""
    whole = url_path.rstrip("/")
    return whole[: -len(path)] if whole.lower().endswith(path.lower()) else ""


def _without_key(query: str) -> str:
    return "&".join(part for part in query.split("&") if unquote_plus(part.partition("=")[0]).lower() != "code")


def _request_headers(headers: Mapping[str, str], *, hide_key: bool) -> list[tuple[str, str]]:
    named = {name.strip().lower() for name in headers.get("connection", "").split(",")}
    dropped = HOP_BY_HOP | REQUEST_ONLY | named | (KEY_HEADERS if hide_key else frozenset())
    return [(name, value) for name, value in headers.items() if name.lower() not in dropped]


def _dropped(headers: Headers) -> frozenset[str]:
    named = {name.strip().lower() for name in headers.get("connection", "").split(",")}
    return HOP_BY_HOP | {"content-length"} | named


def _spelling(headers: Headers, name: str) -> str:
    return next(spelled for spelled, _ in headers if spelled.lower() == name)
