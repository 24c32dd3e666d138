"""What stands before an app: https, forwarding to its container, and App Service's own pages."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import httpx
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]
_IDLE_SECONDS = 230.0
"""The front end gives up on an app that is silent for that long."""
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "upgrade"}
) | {"transfer-encoding"}


class FrontEnd:
    """Forwards to wherever the app is at the moment.

    Args:
        address: `http://127.0.0.1:PORT` of the running container; None while there is none.
        stopped: Whether the site was stopped on purpose.
        closed: Whether the site lets in nobody from outside its network.
        refusal: What an authentication before the app answers; None where it lets a request pass.
    """

    def __init__(
        self,
        address: Callable[[], str | None],
        stopped: Callable[[], bool],
        closed: Callable[[], bool],
        refusal: Callable[[Request], Response | None],
    ) -> None:
        self._address = address
        self._stopped = stopped
        self._closed = closed
        self._refusal = refusal
        # Made on the server's own event loop, with the first request.
        self._client: httpx.AsyncClient | None = None
        self.app = Starlette(routes=[Route("/{path:path}", self._serve, methods=METHODS)])

    async def _serve(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        address = self._address()
        if address is None:
            return _page(503, "Application Error", "If you are the application administrator, look at the log.")
        try:
            answer = await self._forward(request, address)
        except httpx.TimeoutException:
            return _page(504, "Gateway Timeout", "The app did not answer in time.")
        except httpx.TransportError:
            return _page(502, "Bad Gateway", "The app broke the connection off.")
        headers = [(name, value) for name, value in answer.headers.raw if name.decode().lower() not in _HOP_BY_HOP]
        response = StreamingResponse(answer.aiter_raw(), answer.status_code)
        response.raw_headers = [(name.lower(), value) for name, value in headers]
        response.background = BackgroundTask(answer.aclose)
        return response

    def _refused(self, request: Request) -> Response | None:
        if self._closed():
            return _forbidden(request)
        if self._stopped():
            return _page(403, "Site Disabled", "This web app is stopped.")
        return self._refusal(request) if self._address() else None

    async def _forward(self, request: Request, address: str) -> httpx.Response:
        if self._client is None:
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(_IDLE_SECONDS, connect=5), limits=limits, trust_env=False
            )
        target = request.scope["raw_path"] + (b"?" + request.scope["query_string"]).rstrip(b"?")
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        forwarded = self._client.build_request(
            request.method,
            httpx.URL(address).copy_with(raw_path=target),
            headers=_forwarded_headers(request),
            content=request.stream() if has_body else None,
        )
        return await self._client.send(forwarded, stream=True)


def _forwarded_headers(request: Request) -> list[tuple[str, str]]:
    """The caller's headers with those that App Service adds; a caller cannot pass these off as the platform's."""
    host = request.headers.get("host", "")
    ours = {
        "x-forwarded-for": request.client.host if request.client else "",
        "x-forwarded-proto": "https",
        "x-forwarded-host": host,
        "x-original-url": request.url.path,
        "x-arr-log-id": str(uuid.uuid4()),
        "x-site-deployment-id": "",
    }
    dropped = _HOP_BY_HOP | set(ours) | {"x-ms-site-restricted-token"}
    theirs = [(name, value) for name, value in request.headers.items() if name.lower() not in dropped]
    return [*theirs, *((name, value) for name, value in ours.items() if value)]


def _forbidden(request: Request) -> HTMLResponse:
    """As the service refuses a caller by where it is: https://github.com/microsoft/clarity/issues/1133 shows one."""
    page = _page(403, "Error 403 - Forbidden", "The web app you have attempted to reach has blocked your access.")
    page.headers["x-ms-forbidden-ip"] = request.client.host if request.client else ""
    return page


def _page(status: int, title: str, text: str) -> HTMLResponse:
    page = (
        f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>:( {title}</h1><p>{text}</p></body></html>"
    )
    return HTMLResponse(page, status)
