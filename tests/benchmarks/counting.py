"""A proxy in front of a registry that counts what passes: requests, and the bytes of their bodies."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedIOBase

_BLOCK = 1 << 20
_HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}


@dataclass(slots=True)
class Counted:
    """What passed since the last reset.

    Attributes:
        requests: `METHOD path`, in order.
        blob_bytes: Body bytes of requests to blob uploads.
        other_bytes: Body bytes of all other requests: manifests.
    """

    requests: list[str] = field(default_factory=list)
    blob_bytes: int = 0
    other_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sent_bytes(self) -> int:
        """All body bytes."""
        return self.blob_bytes + self.other_bytes

    def reset(self) -> None:
        """Begin anew."""
        with self._lock:
            self.requests, self.blob_bytes, self.other_bytes = [], 0, 0

    def add_request(self, text: str) -> None:
        """One more request."""
        with self._lock:
            self.requests.append(text)

    def add_bytes(self, path: str, number: int) -> None:
        """A part of a request's body."""
        with self._lock:
            if "/blobs/" in path:
                self.blob_bytes += number
            else:
                self.other_bytes += number


@contextmanager
def counting_proxy(upstream: str) -> Iterator[tuple[str, Counted]]:
    """Gives `localhost:PORT`, which answers as the registry at `upstream` does, and the count."""
    counted = Counted()

    class Handler(_Forwarder):
        count = counted
        target = upstream

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"localhost:{server.server_address[1]}", counted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Forwarder(BaseHTTPRequestHandler):
    """Passes each request on, and its answer back. The `Host` header stays, so upload addresses lead here again."""

    disable_nagle_algorithm = True
    protocol_version = "HTTP/1.1"
    count: Counted
    target: str

    def forward(self) -> None:
        """One request."""
        self.count.add_request(f"{self.command} {self.path}")
        connection = http.client.HTTPConnection(self.target, timeout=300)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        body, chunked = self._body()
        if not chunked:
            headers["Content-Length"] = self.headers.get("Content-Length", "0")
        try:
            connection.request(self.command, self.path, body=body, headers=headers, encode_chunked=chunked)
            self._answer(connection.getresponse())
        finally:
            connection.close()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = forward  # noqa: N815 - names that the server calls

    def _body(self) -> tuple[Iterator[bytes], bool]:
        chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        blocks = _chunks(self.rfile) if chunked else _exactly(self.rfile, int(self.headers.get("Content-Length", 0)))
        return self._counting(blocks), chunked

    def _counting(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.count.add_bytes(self.path, len(block))
            yield block

    def _answer(self, response: http.client.HTTPResponse) -> None:
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in _HOP_BY_HOP - {"content-length"}:
                self.send_header(name, value)
        if response.getheader("Content-Length") is None:
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            while block := response.read(_BLOCK):
                self.wfile.write(block)

    def log_message(self, *_: object) -> None:
        """Say nothing: what matters is counted."""


def _exactly(stream: BufferedIOBase, size: int) -> Iterator[bytes]:
    while size and (block := stream.read(min(size, _BLOCK))):
        size -= len(block)
        yield block


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    while size := int(stream.readline().split(b";")[0], 16):
        yield from _exactly(stream, size)
        stream.readline()
    while stream.readline().strip():
        pass
