"""The server under every service of the sandbox: its answers do not wait, and it leaves no connection behind."""

from __future__ import annotations

import asyncio
import gc
import http.client
import socket
import time
import warnings
from typing import TYPE_CHECKING

from azure_sandbox.web import WebServer

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


def test_what_connects_in_the_last_moment_is_closed() -> None:
    """A client that tries again while its service stops is told so, and nothing stays open."""
    late: list[socket.socket] = []
    begun: list[float] = []

    def connect_and_stop(server: WebServer) -> None:
        """Let the loop find new connections and the order to stop in one turn: nothing else runs meanwhile."""
        late.extend(socket.create_connection(("127.0.0.1", server.port)) for _ in range(3))
        server.ask_to_stop()
        time.sleep(0.2)
        begun.append(time.monotonic())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        asyncio.get_running_loop().call_soon(connect_and_stop, servers[0])

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        servers = [WebServer(app, tls=None).start()]
        client = http.client.HTTPConnection("127.0.0.1", servers[0].port, timeout=5)
        client.request("GET", "/")
        assert client.getresponse().status == 204
        client.close()
        while not begun:
            time.sleep(0.01)
        servers.pop().stop()
        assert time.monotonic() - begun[0] < 1.5
        assert [one.recv(1) for one in late] == [b""] * 3
        for one in late:
            one.close()
        gc.collect()
    assert [str(warning.message) for warning in caught if "unclosed" in str(warning.message)] == []


def test_what_it_sends_does_not_wait() -> None:
    """Head and body of an answer are two writes: the second must not wait for the client's acknowledgement."""
    seen: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        transport: asyncio.Transport = scope["state"]["transport"]
        seen.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with WebServer(app, tls=None) as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        client.request("GET", "/")
        client.getresponse().read()
        client.close()

    assert [True] == [bool(one) for one in seen]
