"""A proxy as offices have it: what is outside goes through. Its `localhost` is another machine, with nothing there.

It may want a login. It may open what goes through, and encrypt it anew with a certificate of the company: so are hosts
reached that only the proxy knows, and which are this machine's.
"""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from azure_sandbox.certificates import make_certificates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_TO_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy")
_BLOCK = 1 << 16
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
_WANTS_LOGIN = b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="office"\r\n'
_GOES_THROUGH = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass(slots=True)
class OfficeProxy:
    """A running proxy.

    Attributes:
        login: `name:password` that it wants; empty where it wants none.
        behind: Hosts that only the proxy knows, each with the address that it leads to: `http://127.0.0.1:PORT`.
        shown: The company's certificate for these hosts, with its authority.
        address: `http://127.0.0.1:PORT`, with the login before the host.
        refused: What was asked for and lies on this machine.
        passed: What was asked for and went through: `host:port`.
    """

    login: str = ""
    behind: Mapping[str, str] = field(default_factory=dict)
    shown: ssl.SSLContext | None = None
    address: str = ""
    refused: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        """A machine's environment where nothing is exempted."""
        return dict.fromkeys(_TO_PROXIES, self.address) | {"NO_PROXY": "", "no_proxy": ""}

    def admits(self, head: str) -> bool:
        """Whether a request has the login."""
        wanted = f"proxy-authorization: basic {base64.b64encode(self.login.encode()).decode()}"
        return not self.login or wanted.lower() in head.lower()


@contextmanager
def office_proxy(
    *, login: str = "", behind: Mapping[str, str] | None = None, authority: Path | None = None
) -> Iterator[OfficeProxy]:
    """A proxy for the length of a `with` block. Where this machine needs one itself, that one is asked in turn.

    Args:
        login: `name:password` that it wants.
        behind: Hosts that only the proxy knows, each with the address that it leads to.
        authority: A folder for the certificates that it shows for these hosts: `ca.pem` is the company's authority.
    """
    proxy = OfficeProxy(login, behind or {})
    if authority:
        files = make_certificates(authority, hosts=[*proxy.behind])
        proxy.shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        proxy.shown.load_cert_chain(files.certificate, files.key)

    class Handler(StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                _pass_on(proxy, self.connection)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        proxy.address = f"http://{f'{login}@' if login else ''}127.0.0.1:{server.server_address[1]}"
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
    if not proxy.admits(head.decode("latin-1")):
        client.sendall(_WANTS_LOGIN + b"Content-Length: 0\r\nConnection: close\r\n\r\n")
    elif host.endswith("localhost") or host.startswith("127."):
        proxy.refused.append(target)
        client.sendall(_REFUSED)
    elif host in proxy.behind and proxy.shown:
        proxy.passed.append(target)
        client.sendall(_GOES_THROUGH)
        with proxy.shown.wrap_socket(client, server_side=True) as opened, _opened(proxy.behind[host]) as server:
            _pump_both(opened, server)
    else:
        proxy.passed.append(target)
        _to_outside(client, method, head, asked.hostname or "", asked.port or 80)


@contextmanager
def _opened(address: str) -> Iterator[socket.socket]:
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 80)) as plain:
        if parts.scheme == "http":
            yield plain
            return
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(plain, server_hostname=parts.hostname) as encrypted:
            yield encrypted


def _to_outside(client: socket.socket, method: str, head: bytes, host: str, port: int) -> None:
    own = "" if proxy_bypass(host) else getproxies().get("https", "")
    end = (urlsplit(own).hostname or "", urlsplit(own).port or 80) if own else (host, port)
    with socket.create_connection(end) as server:
        if own or method != "CONNECT":
            server.sendall(head)
        else:
            client.sendall(_GOES_THROUGH)
        _pump_both(client, server)


def _pump_both(one: socket.socket, other: socket.socket) -> None:
    """In one thread: what is encrypted may be read and written by one at a time only."""
    ends = {one: other, other: one}
    while True:
        held = [end for end in ends if isinstance(end, ssl.SSLSocket) and end.pending()]
        for end in held or select.select([*ends], [], [])[0]:
            end.setblocking(False)  # what TLS has to say for itself is no data: a read would wait for more
            try:
                block = end.recv(_BLOCK)
            except (ssl.SSLWantReadError, BlockingIOError):
                continue
            finally:
                end.setblocking(True)
            if not block:
                return
            ends[end].sendall(block)
