"""A proxy as offices have it: what is outside goes through. Its `localhost` is another machine, with nothing there."""

from __future__ import annotations

import contextlib
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    from collections.abc import Iterator

_TO_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy")
_BLOCK = 1 << 16


@dataclass(slots=True)
class OfficeProxy:
    """A running proxy.

    Attributes:
        address: `http://127.0.0.1:PORT`.
        refused: What was asked for and lies on this machine.
    """

    address: str = ""
    refused: list[str] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        """A machine's environment where nothing is exempted."""
        return dict.fromkeys(_TO_PROXIES, self.address) | {"NO_PROXY": "", "no_proxy": ""}


@contextmanager
def office_proxy() -> Iterator[OfficeProxy]:
    """A proxy for the length of a `with` block. Where this machine needs one itself, that one is asked in turn."""
    proxy = OfficeProxy()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            _pass_on(proxy, self.connection)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield proxy
        server.shutdown()


def _pass_on(proxy: OfficeProxy, client: socket.socket) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        block = client.recv(_BLOCK)
        if not block:
            return
        head += block
    method, target = head.decode("latin-1").split(maxsplit=2)[:2]
    asked = urlsplit(target if "://" in target else f"//{target}")
    host = asked.hostname or ""
    if host.endswith("localhost") or host.startswith("127."):
        proxy.refused.append(target)
        client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        return
    own = "" if proxy_bypass(host) else getproxies().get("https", "")
    end = urlsplit(own) if own else asked
    with contextlib.suppress(OSError), socket.create_connection((end.hostname or "", end.port or 80)) as server:
        if own or method != "CONNECT":
            server.sendall(head)
        else:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=_pump, args=(client, server), daemon=True).start()
        _pump(server, client)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(_BLOCK):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)
