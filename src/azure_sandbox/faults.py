"""Failures on request: what a real cloud does on its bad days, on demand."""

from __future__ import annotations

import asyncio
import re
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        method: `PUT`, or `*` for any.
        path_pattern: A regular expression looked for in the path (without the query), in any case.
        status: The answer's status; None lets the request through, after `delay`.
        body: JSON as an object, or text.
        headers: For example `{"Retry-After": "1"}`.
        times: How many requests it hits; None means every one until it is removed.
        delay: Seconds before anything else happens.
        drop_connection: Break the connection off instead of answering.
        executed: Do what was asked first, and lose only the answer (a 503 for a create that went through).
        service: Only this service (`arm`, `entra`, `github`, `registry`, `base-registry`); `*` is any.
    """

    method: str
    path_pattern: str
    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int | None = 1
    delay: float = 0.0
    drop_connection: bool = False
    executed: bool = False
    service: str = "*"

    def hits(self, service: str, method: str, path: str) -> bool:
        """Whether it concerns this request."""
        return (
            self.service in {"*", service}
            and self.method.upper() in {"*", method}
            and re.search(self.path_pattern, path, re.IGNORECASE) is not None
        )


class Faults:
    """The faults that wait for their request. Safe for threads."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Let it wait behind those that are there.

        Raises:
            ValueError: The pattern is not a regular expression, or the fault would do nothing.
        """
        try:
            re.compile(fault.path_pattern)
        except re.error as error:
            message = f"`{fault.path_pattern}` is not a regular expression: {error}"
            raise ValueError(message) from error
        if fault.status is None and not fault.drop_connection and not fault.delay:
            message = "a fault needs a status, a delay or drop_connection"
            raise ValueError(message)
        with self._lock:
            self._waiting.append(fault)

    def waiting(self) -> tuple[Fault, ...]:
        """Those that have not hit as often as they were told to."""
        with self._lock:
            return tuple(self._waiting)

    def clear(self) -> None:
        """Remove all of them."""
        with self._lock:
            self._waiting.clear()

    def take(self, service: str, method: str, path: str) -> Fault | None:
        """The first fault for this request; it has hit once more."""
        with self._lock:
            for index, fault in enumerate(self._waiting):
                if fault.hits(service, method, path):
                    self._count(index, fault)
                    return fault
        return None

    def _count(self, index: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self._waiting[index] = replace(fault, times=fault.times - 1)
        else:
            del self._waiting[index]


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
        if delay := self._latency + (fault.delay if fault else 0.0):
            await asyncio.sleep(delay)
        if fault is None or (fault.status is None and not fault.drop_connection):
            await self._app(scope, receive, send)
            return
        if fault.executed:
            await self._app(scope, receive, _forget)
        elif not fault.drop_connection:
            await _drain(receive)
        await _strike(fault, scope, receive, send)


async def _forget(message: Message) -> None:
    """A `send` whose answer nobody gets."""


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
    if fault.body is None or isinstance(fault.body, str):
        response = Response(fault.body or "", status, headers, media_type=None if fault.body is None else "text/plain")
    else:
        response = JSONResponse(fault.body, status, headers)
    await response(scope, receive, send)
