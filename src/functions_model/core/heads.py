"""The head of an answer has to come within a time: one that drips, a letter now and then, would be read for ever.

The timeouts of `requests` are for each wait for the next bytes. Of the body `core.answers` bounds the whole; the status
and the headers are read by Python's `http.client`, and so are a proxy's, by the connections that stand here.
"""

from __future__ import annotations

import io
import time
from http.client import HTTPResponse
from math import isfinite
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

MORE_SECONDS = 30.0
"""For the whole head, beyond the client's own wait for its first byte. A head has some hundred bytes."""


class _Timed(io.RawIOBase):
    """A socket's stream, of which nothing is read after a time, as long as there is one."""

    def __init__(self, stream: io.RawIOBase, socket: Any, seconds: float) -> None:
        self._stream, self._socket, self._seconds = stream, socket, seconds
        self._end = time.monotonic() + seconds
        self.timed = isfinite(seconds)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if not self.timed:
            return self._stream.readinto(buffer)
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out: the head of the answer has no end")
        before = self._socket.gettimeout()
        self._socket.settimeout(left if before is None else min(left, before))
        try:
            return self._stream.readinto(buffer)
        finally:
            self._socket.settimeout(before)

    def fileno(self) -> int:
        return self._stream.fileno()

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Response(HTTPResponse):
    more_seconds = MORE_SECONDS

    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        own = sock.gettimeout()
        self._timed = _Timed(self.fp.detach(), sock, float("inf") if own is None else own + self.more_seconds)
        self.fp = io.BufferedReader(self._timed)

    def begin(self) -> None:
        super().begin()
        self._timed.timed = False


def _pools(response: type[HTTPResponse]) -> dict[str, Any]:
    """Pools whose answers are of that class. Their names are in what urllib3 raises."""
    plain = type("HTTPConnection", (HTTPConnection,), {"response_class": response})
    encrypted = type("HTTPSConnection", (HTTPSConnection,), {"response_class": response})
    return {
        "http": type("HTTPConnectionPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("HTTPSConnectionPool", (HTTPSConnectionPool,), {"ConnectionCls": encrypted}),
    }


_POOLS = _pools(_Response)


class HeadsAdapter(HTTPAdapter):
    """The adapter of `requests`, to which no head of an answer comes for ever.

    Args:
        more_seconds: For a head, beyond the wait for its first byte.
        options: As `HTTPAdapter` takes them.
    """

    def __init__(self, *, more_seconds: float = MORE_SECONDS, **options: Any) -> None:
        own = more_seconds != MORE_SECONDS
        self._pools = _pools(type("_Own", (_Response,), {"more_seconds": more_seconds})) if own else _POOLS
        super().__init__(**options)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the connections without a proxy."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Make those by a proxy."""
        manager: Any = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager
