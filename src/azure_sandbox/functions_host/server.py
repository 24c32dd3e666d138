"""HTTP for the host: routes to functions, keys, the admin API and the landing page."""

from __future__ import annotations

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from .admin import answer_admin, to_json
from .host import InvocationFailed
from .index import METHODS
from .triggered import PATH as LISTENERS
from .triggered import answer_listeners
from .warming import WarmUp

if TYPE_CHECKING:
    from .host import ScriptHost
    from .index import Function

_START_WAIT = 30.0
"""Seconds that a request waits for a host that is still starting."""
_LANDING = b"<!DOCTYPE html><html><head><title>Your Azure Function App is up and running.</title></head></html>"
_BLOCK = 1 << 20
_OWN_HEADERS = {"content-length", "transfer-encoding", "connection", "date", "server"}


class BodyTooLarge(Exception):
    """The request's body is above the limit."""


class HostServer(ThreadingHTTPServer):
    """The host's port."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: ScriptHost, address: tuple[str, int]) -> None:
        super().__init__(address, _Handler)
        self.script_host = host
        self.warm_up = WarmUp(host)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HostServer
    # Small answers must not wait for an acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        if self.path.startswith(LISTENERS):
            self._serve_listeners()
            return
        try:
            body = self._read_body(self.server.script_host.options.max_body)
        except BodyTooLarge:
            self.close_connection = True
            self._reply(413, [], b"")
            return
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = self._headers()
        path = parts.path or "/"
        if path.lower().startswith("/admin/"):
            self._serve_admin(path, headers, query)
        elif not self._serve_function(path, headers, query, body):
            self._serve_landing(path)

    def _serve_listeners(self) -> None:
        """The sandbox's own door: no limit for bodies, since blobs have none."""
        if not self.server.script_host.keyring.is_platform(self._headers()):
            self.close_connection = True
            self._reply(401, [], b"")
            return
        body = self._read_body(sys.maxsize)
        status, content = answer_listeners(self.server.script_host, self.command, self.path, body)
        self._reply(status, [], content)

    def _serve_admin(self, path: str, headers: dict[str, str], query: dict[str, str]) -> None:
        host = self.server.script_host
        if path.lower().rstrip("/") == "/admin/host/ping":
            self._reply(200, [], b"")
        elif path.lower().rstrip("/") == "/admin/warmup":
            host.settled.wait(_START_WAIT)
            self._reply(self.server.warm_up.answer(), [], b"")
        elif not (host.keyring.is_master(headers, query) or host.keyring.is_platform(headers)):
            self._reply(401, [], b"")
        elif host.options.isolated and not host.keyring.is_platform(headers):
            # The master key was right, and is not enough: azure-functions-host, AuthorizationOptionsExtensions.cs:118,
            # and what AdminIsolation_ReturnsExpectedStatus in SamplesEndToEndTests_CSharp.cs expects.
            self._reply(403, [], b"")
        else:
            status, content = answer_admin(host, self.command, path, self._base(headers))
            self._reply(status, [("Content-Type", "application/json; charset=utf-8")], to_json(content))

    def _serve_function(self, path: str, headers: dict[str, str], query: dict[str, str], body: bytes) -> bool:
        """Answer with a function when one has that route; whether one has."""
        host = self.server.script_host
        # Everything but `/admin` waits for a host that runs, the landing page, too: azure-functions-host,
        # WebJobsApplicationBuilderExtension.cs:77 and HostAvailabilityCheckMiddleware.cs:57.
        if not host.settled.wait(_START_WAIT) or host.state == "Error":
            self._reply(503, [], b"Function host is not running.")
            return True
        for function in host.callable_functions:
            values = function.route.match(path) if function.route else None
            if values is not None and self.command in function.methods:
                self._call(function, values, headers, query, body)
                return True
        return False

    def _call(
        self,
        function: Function,
        values: dict[str, str],
        headers: dict[str, str],
        query: dict[str, str],
        body: bytes,
    ) -> None:
        host = self.server.script_host
        if host.state != "Running":
            self._reply(503, [], b"Function host is not running.")
            return
        if not host.keyring.admits(function, headers, query):
            self._reply(401, [], b"")
            return
        head = {
            "method": self.command,
            "url": f"{self._base(headers)}{self.path}",
            "headers": headers,
            "params": query,
            "routeParams": values,
        }
        try:
            answer, content = host.invoke(function, head, body)
        except InvocationFailed as failure:
            text = f"Executed 'Functions.{function.name}' (Failed)\n{failure}"
            host.console.error(f"Function.{function.name}", text)
            self._reply(500, [], b"")
            return
        self._reply(int(answer["status"]), [(name, value) for name, value in answer["headers"]], content)

    def _serve_landing(self, path: str) -> None:
        if path != "/" or self.command not in {"GET", "HEAD"}:
            self._reply(404, [], b"")
        elif self.server.script_host.options.homepage:
            self._reply(200, [("Content-Type", "text/html")], _LANDING)
        else:
            self._reply(204, [], b"")

    def _reply(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status, _phrase(status))
        self.send_header("Server", "Kestrel")
        self.send_header("Date", self.date_time_string())
        for name, value in headers:
            if name.lower() not in _OWN_HEADERS:
                self.send_header(name, value)
        bodiless = status in {204, 304}
        if not bodiless:
            self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless and self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def _headers(self) -> dict[str, str]:
        """Headers by lower-case name; one that came several times is joined with commas."""
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        return headers

    def _base(self, headers: dict[str, str]) -> str:
        return f"{headers.get('x-forwarded-proto', 'http')}://{headers.get('host', 'localhost')}"

    def _read_body(self, limit: int) -> bytes:
        """The body, if the request says how long it is.

        The host puts a body into the call of a worker only when `ContentLength` is known and not 0. What comes in
        chunks has none: the function gets no body, and sees `transfer-encoding` among the headers. (Azure/azure-
        functions-host, src/WebJobs.Script.Grpc/MessageExtensions/GrpcMessageConversionExtensions.cs:209, and :150 for
        the headers; issues #4926 and #7930, Azure/azure-functions-powershell-worker#476)

        Raises:
            BodyTooLarge: It is above the limit.
        """
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self._pass_over_chunks(limit)
            return b""
        length = int(self.headers.get("Content-Length") or 0)
        if length > limit:
            raise BodyTooLarge
        return self.rfile.read(length)

    def _pass_over_chunks(self, limit: int) -> None:
        """Read to the body's end, so that the connection serves on."""
        while size := int(self.rfile.readline(64).split(b";")[0], 16):
            limit -= size
            if limit < 0:
                raise BodyTooLarge
            while size > 0 and (block := self.rfile.read(min(size, _BLOCK))):
                size -= len(block)
            self.rfile.readline(8)
        while self.rfile.readline(_BLOCK).strip():
            pass

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The standard library's own access log is not wanted."""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


for _method in METHODS:
    setattr(_Handler, f"do_{_method}", _Handler._serve)  # noqa: SLF001
