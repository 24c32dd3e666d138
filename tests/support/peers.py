"""Other ends of a connection that do not behave: servers and proxies of a few lines, each with one fault."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import struct
import threading
import time
import warnings
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING

from azure_sandbox.certificates import make_certificates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LONG_AGO = dt.timedelta(days=400)


@contextmanager
def peer(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on this machine; its port.

    Args:
        answer: What is done with each connection, which is closed afterwards.
    """

    class Handler(StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                answer(self.connection)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@contextmanager
def http_peer(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server of HTTP on this machine, which keeps no log; its address, without a slash at its end."""

    class Silent(handler):  # type: ignore[misc, valid-type]
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=lambda: server.serve_forever(0.005), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def nobody() -> Iterator[int]:
    """A port at which nobody listens, and nobody will meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def says(text: bytes) -> Callable[[socket.socket], None]:
    """Hears a request, says that, and closes."""

    def answer(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(text)

    return answer


def resets(connection: socket.socket) -> None:
    """Hears a request and breaks the connection."""
    connection.recv(1 << 16)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def is_silent(connection: socket.socket) -> None:
    """Hears everything and says nothing."""
    while connection.recv(1 << 16):
        pass


def drips(text: bytes, seconds: float = 0.05) -> Callable[[socket.socket], None]:
    """Says a text, and then a letter each time, for ever."""

    def answer(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(text)
        while True:
            connection.sendall(b"x")
            time.sleep(seconds)

    return answer


def closes(connection: socket.socket) -> None:
    """Hears a request and closes."""
    connection.recv(1 << 16)


def encrypted(context: ssl.SSLContext, answer: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """The same behind TLS."""

    def behind(connection: socket.socket) -> None:
        with connection.dup() as below:
            below.settimeout(5)
            try:
                with context.wrap_socket(connection, server_side=True) as opened:
                    answer(opened)
            except ssl.SSLError:
                # A socket that is closed with something unread in it resets the connection, and the alert is lost.
                with contextlib.suppress(OSError):
                    while below.recv(1 << 16):
                        pass
                raise

    return behind


_OK = says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


@contextmanager
def tls_peer(
    folder: Path,
    *,
    age: dt.timedelta = dt.timedelta(),
    host: str = "localhost",
    answer: Callable[[socket.socket], None] = _OK,
    prepare: Callable[[ssl.SSLContext, Path], None] = lambda context, authority: None,
) -> Iterator[int]:
    """A server that would answer, behind TLS; its port. Its authority is `ca.pem` in the folder.

    Args:
        folder: Takes its certificates.
        age: Of these.
        host: Whose they are.
        answer: What is done with each connection.
        prepare: Changes how it speaks TLS; it is given the authority, too.
    """
    files = make_certificates(folder, now=dt.datetime.now(dt.UTC) - age, hosts=[host])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    prepare(context, files.ca_file)
    with peer(encrypted(context, answer)) as port:
        yield port


def encrypted_silence(folder: Path) -> contextlib.AbstractContextManager[int]:
    """A server that says nothing once it is trusted."""
    return tls_peer(folder, answer=is_silent)


def expired(folder: Path) -> contextlib.AbstractContextManager[int]:
    """A server whose certificate has expired."""
    return tls_peer(folder, age=_LONG_AGO)


def not_yet_valid(folder: Path) -> contextlib.AbstractContextManager[int]:
    """A server whose certificate is of the future."""
    return tls_peer(folder, age=-_LONG_AGO)


def of_another_name(folder: Path) -> contextlib.AbstractContextManager[int]:
    """A server with the certificate of another host."""
    return tls_peer(folder, host="portal.company.test")


def of_old_tls(folder: Path) -> contextlib.AbstractContextManager[int]:
    """A server that speaks TLS 1.1 and no newer one."""

    def prepare(context: ssl.SSLContext, _: Path) -> None:
        with warnings.catch_warnings(action="ignore"):
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")

    return tls_peer(folder, prepare=prepare)


def of_known_clients(folder: Path) -> contextlib.AbstractContextManager[int]:
    """A server that asks its clients for a certificate."""

    def prepare(context: ssl.SSLContext, authority: Path) -> None:
        context.load_verify_locations(authority)
        context.verify_mode = ssl.CERT_REQUIRED

    return tls_peer(folder, prepare=prepare)
