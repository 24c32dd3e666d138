"""What was asked of the sandbox: one entry per request, without secrets."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_READING_POST = re.compile(
    r"/(list\w*|checknameavailability|validate|containerlogs|publishxml|token|exchange|getbyids|syncfunctiontriggers|sync)$",
    re.IGNORECASE,
)
"""ARM asks for secrets and for free names by POST; nothing changes by it. Nor does syncing triggers change a resource:
the platform reads again what the app has."""
_SHOWN_PARAMETERS = frozenset(
    {"api-version", "$filter", "$expand", "$top", "audience", "digest", "from", "mount", "n", "scope", "service"}
    | {"deleteemptyserverfarm", "linuxworkersenabled", "sku", "client_id", "resource", "serviceconnectionid"}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    Attributes:
        service: `arm`, `entra`, `github`, `azure-devops`, `imds`, `ingestion`, `registry`, `base-registry`.
        method: Upper case.
        path: With its query; values that may be secret are `***`.
        status: 0 when the connection was broken off on purpose.
        request_bytes: Length of the request's body as it arrived.
        seconds: How long the answer took.
        agent: What its client calls itself.
        begun: When its head had come, in seconds of `time.monotonic`, which is one clock for all of the machine.
        body: The request's, where the journal keeps bodies. It may hold secrets, and is shown to nobody.
    """

    service: str
    method: str
    path: str
    status: int
    request_bytes: int
    seconds: float
    agent: str = ""
    begun: float = 0.0
    body: bytes = field(default=b"", repr=False)

    @property
    def is_write(self) -> bool:
        """Whether it was sent to change something in ARM or in the registry."""
        if self.service not in {"arm", "registry"} or self.method in _SAFE:
            return False
        return not (self.method == "POST" and _READING_POST.search(self.path.partition("?")[0]))

    def as_json(self) -> dict[str, Any]:
        """For `/sandbox/journal`."""
        shown = {name: value for name, value in asdict(self).items() if name != "body"}
        return {**shown, "is_write": self.is_write}


class Journal:
    """Every request since the start, or since `clear()`. Safe for threads.

    Attributes:
        keeps_bodies: Whether what is written down from now on has its body.
    """

    def __init__(self) -> None:
        self.keeps_bodies = False
        self._entries: list[Entry] = []
        self._open = 0
        self._lock = threading.Lock()

    @property
    def open(self) -> int:
        """How many requests have come and are not written down yet: their answers are being made, or kept back."""
        return self._open

    def begin(self) -> None:
        """One has come."""
        with self._lock:
            self._open += 1

    def add(self, entry: Entry) -> None:
        """Write one down that has come."""
        with self._lock:
            self._open -= 1
            self._entries.append(entry)

    def entries(self, service: str | None = None) -> list[Entry]:
        """In the order in which they were answered."""
        with self._lock:
            return [entry for entry in self._entries if service in {None, entry.service}]

    def writes(self) -> list[Entry]:
        """Those that were sent to change something."""
        return [entry for entry in self.entries() if entry.is_write]

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._entries.clear()


class _Answer:
    """How far an answer has come. Its head waits for its body: to a client, `Content-Length: 0` is the end."""

    def __init__(self) -> None:
        self.status, self.ends = 0, False
        self._head: list[Message] = []
        self._left: int | None = None

    def take(self, message: Message) -> list[Message]:
        """What can be passed on now."""
        if message["type"] == "http.response.start":
            self.status, self._head = message["status"], [message]
            lengths = [int(value) for name, value in message.get("headers", ()) if name.lower() == b"content-length"]
            self._left = lengths[0] if lengths else None
            return []
        if message["type"] == "http.response.body":
            self._count(message)
        ready, self._head = [*self._head, message], []
        return ready

    def _count(self, message: Message) -> None:
        if self._left is not None:
            self._left -= len(message.get("body", b""))
        self.ends = self.ends or not message.get("more_body") or self._left == 0


class Journaled:
    """An ASGI application whose requests are written down."""

    def __init__(self, app: ASGIApp, journal: Journal, service: str) -> None:
        self._app = app
        self._journal = journal
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, count its bytes, note the status."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        count, written, start, answer = 0, False, time.monotonic(), _Answer()
        kept: list[bytes] = []
        self._journal.begin()

        def write() -> None:
            nonlocal written
            if not written:
                seconds = round(time.monotonic() - start, 4)
                path = shown_path(scope)
                agent = Headers(raw=list(scope.get("headers", ()))).get("user-agent", "")
                method, status, body = scope["method"], answer.status, b"".join(kept)
                self._journal.add(Entry(self._service, method, path, status, count, seconds, agent, start, body))
            written = True

        async def counting_receive() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if self._journal.keeps_bodies:
                kept.append(message.get("body", b""))
            return message

        async def watching_send(message: Message) -> None:
            # Before the answer's end is out: whoever has the answer finds the entry.
            ready = answer.take(message)
            if answer.ends:
                write()
            for one in ready:
                await send(one)

        try:
            await self._app(scope, counting_receive, watching_send)
        finally:
            write()


def shown_path(scope: Scope) -> str:
    """Path and query of a request, fit for a log."""
    query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    shown = [(name, value if name.lower() in _SHOWN_PARAMETERS else "***") for name, value in query]
    path: str = scope["path"]
    return f"{path}?{urlencode(shown, safe='*:/$,')}" if shown else path
