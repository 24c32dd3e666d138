"""An application that faults strike: before a request is served, after it was, in its middle, or in its answer."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from azure_sandbox.faults import Fault, Faults


class Faulty:
    """An ASGI application that faults and latency can strike."""

    def __init__(self, app: ASGIApp, faults: Faults, service: str, *, latency: float = 0.0) -> None:
        self._app = app
        self._faults = faults
        self._service = service
        self._latency = latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, strike, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        fault = self._faults.take(self._service, scope["method"], scope["path"])
        if fault and fault.hold:
            receive = await _arrived(receive)
            await self._faults.keep_back()
        if delay := self._latency + (fault.delay if fault else 0.0):
            await asyncio.sleep(delay)
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.after_bytes is not None:
            await self._strike_later(fault, scope, receive, send)
        else:
            await self._strike_now(fault, scope, receive, send)

    async def _strike_now(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.expire_tokens:
            self._faults.expire_tokens()
        if fault.spoiled is not None:
            await self._app(scope, receive, _spoiling(fault.spoiled, send))
            return
        if fault.status is None and not fault.drop_connection:
            await self._app(scope, receive, send)
            return
        if fault.executed:
            await self._app(scope, receive, _forget)
        elif not fault.drop_connection:
            await _drain(receive)
        await _strike(fault, scope, receive, send)

    async def _strike_later(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application have the first bytes; then it loses its client, and the client its application."""
        breaks = fault.status is not None or fault.drop_connection
        passed, due, broken = 0, True, False

        async def counting_receive() -> Message:
            nonlocal passed, due, broken
            message = await receive()
            passed += len(message.get("body", b""))
            if due and passed >= (fault.after_bytes or 0):
                due = False
                struck = self._faults.strike(fault)
                if struck and fault.expire_tokens:
                    self._faults.expire_tokens()
                broken = struck and breaks
            return {"type": "http.disconnect"} if broken else message

        async def guarded_send(message: Message) -> None:
            if not broken:
                await send(message)

        # The application notices that its client is gone, and says so.
        with contextlib.suppress(ClientDisconnect):
            await self._app(scope, counting_receive, guarded_send)
        if broken:
            await _strike(fault, scope, receive, send)


async def _arrived(receive: Receive) -> Receive:
    """A `receive` for who comes later: the whole body first, whatever has become of its client."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return again


async def _forget(message: Message) -> None:
    """A `send` whose answer nobody gets."""


def _spoiling(spoiled: Callable[[bytes], bytes], send: Send) -> Send:
    """A `send` that waits for the whole answer, and passes it on with another body."""
    start: Message = {}
    pieces: list[bytes] = []

    async def spoil(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            body = spoiled(b"".join(pieces))
            headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
            await send({"type": "http.response.body", "body": body})

    return spoil


async def _drain(receive: Receive) -> None:
    """Read the request's body: answering before it has arrived breaks the client's upload in another way."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass


async def _strike(fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.drop_connection:
        scope["state"]["transport"].abort()
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    headers = dict(fault.headers)
    status = fault.status or 500
    if fault.body is None or isinstance(fault.body, str | bytes):
        response = Response(fault.body or "", status, headers, media_type=None if fault.body is None else "text/plain")
    else:
        response = JSONResponse(fault.body, status, headers)
    await response(scope, receive, send)
