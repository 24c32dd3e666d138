"""Serve an ASGI application from a background thread, over TLS or not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from azure_sandbox.certificates import LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from starlette.types import ASGIApp

    from azure_sandbox.certificates import TlsFiles

_START_SECONDS = 20.0
_DATE_SECONDS = 1.0
"""How often the `Date` of answers is made anew."""


class _OpenProtocol(H11Protocol):
    """HTTP/1.1 that tells the application its connection, so that a fault can break it off."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # `scope["state"]` is a copy of this for each request.
        self.app_state = {**self.app_state, "transport": transport}

    def shutdown(self) -> None:
        super().shutdown()
        if self.cycle is None or self.cycle.response_complete:
            # An idle connection: a polite TLS goodbye would wait for a client that is not listening.
            # In Python 3.11.2 a TLS transport that is closed already cannot be aborted; 3.11.7 lets it be.
            with contextlib.suppress(AttributeError):
                self.transport.abort()


class _Server(uvicorn.Server):
    """A server that is told when to stop, where uvicorn looks ten times a second: a sandbox has dozens of servers."""

    _loop: asyncio.AbstractEventLoop | None = None
    _told: asyncio.Event

    async def main_loop(self) -> None:
        """Serve until it is to stop."""
        self._told, self._loop = asyncio.Event(), asyncio.get_running_loop()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), _DATE_SECONDS)

    def tell(self) -> None:
        """Have it stop, from any thread."""
        self.should_exit = True
        with contextlib.suppress(RuntimeError):  # the loop may have ended by itself
            if self._loop:
                self._loop.call_soon_threadsafe(self._told.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down what is connected, and what was accepted in the last moment, too."""
        for server in self.servers:
            server.close()
        # An accepted socket becomes a connection a few turns of the loop later; uvicorn shuts down those that are one.
        await asyncio.sleep(0.01)
        await super().shutdown(sockets)


def stop_all(servers: Iterable[WebServer]) -> None:
    """Stop several, side by side: each waits a moment for its clients."""
    servers = list(servers)
    for server in servers:
        server.ask_to_stop()
    for server in servers:
        server.stop()


def listen(host: str = LOCAL, port: int = 0) -> socket.socket:
    """A port of this machine, taken: clients wait until a server answers on it. Port 0 takes a free one.

    What it accepts sends at once: asyncio sees to that for sockets alone whose protocol is given, and an answer of two
    writes, head and body, came 40 ms later, when the client had acknowledged the first.
    """
    listener = socket.create_server(("127.0.0.1" if host == LOCAL else host, port), backlog=512)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class WebServer:
    """One server on one port of this machine, in a thread and with an event loop of its own.

    Args:
        app: What to serve.
        tls: Certificates; None serves plain HTTP.
        listener: From `listen`, where the port must be known before there is something to serve.
    """

    def __init__(self, app: ASGIApp, *, tls: TlsFiles | None, listener: socket.socket | None = None) -> None:
        self._host = tls.address if tls else LOCAL
        self._socket = listener or listen(self._host)
        self._tls = tls
        config = uvicorn.Config(
            app,
            http=_OpenProtocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
            ssl_certfile=str(tls.certificate) if tls else None,
            ssl_keyfile=str(tls.key) if tls else None,
        )
        self._server = _Server(config)
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port, known as soon as the object exists."""
        return int(self._socket.getsockname()[1])

    @property
    def authority(self) -> str:
        """`localhost:PORT`."""
        return f"{self._host}:{self.port}"

    @property
    def url(self) -> str:
        """`https://localhost:PORT`, without a trailing slash."""
        return f"{'https' if self._tls else 'http'}://{self.authority}"

    def start(self) -> Self:
        """Begin to answer.

        Raises:
            RuntimeError: The server did not come up within 20 seconds.
        """
        thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name=f"web-{self.port}", daemon=True
        )
        thread.start()
        self._thread = thread
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                message = f"Could not start a web server on port {self.port}. Look above for the reason."
                raise RuntimeError(message)
            time.sleep(0.005)
        return self

    def ask_to_stop(self) -> None:
        """Begin to stop, and do not wait for it."""
        self._server.tell()

    def stop(self) -> None:
        """Finish the requests under way (2 seconds at most) and close the port."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
