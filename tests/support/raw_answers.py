"""A server that answers with the very bytes that it is given, be they HTTP or not."""

from __future__ import annotations

import contextlib
import gzip
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def http(
    body: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None, *, length: int | None = None
) -> bytes:
    """An answer of HTTP.

    Args:
        body: As it goes over the line.
        status: Of the answer.
        headers: Besides its length.
        length: That is announced; the true one by itself.
    """
    named = {
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(len(body) if length is None else length),
    }
    lines = [f"HTTP/1.1 {status} Any", *(f"{name}: {value}" for name, value in {**named, **(headers or {})}.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@cache
def bomb(mebibytes: int, of: bytes = b" ") -> bytes:
    """So many MiB of one byte, packed with gzip."""
    return gzip.compress(of * (1 << 20) * mebibytes, 9)


@dataclass(slots=True)
class RawServer:
    """A running server.

    Attributes:
        answers: What is answered, one after the other; the last one for ever. Several pieces go out one by one.
        pause: Seconds between two pieces.
        url: Its address, without a slash at its end.
        asked: The first line of each request.
    """

    answers: list[bytes | Iterable[bytes]]
    pause: float = 0.0
    url: str = ""
    asked: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return self.url.removeprefix("http://")


@contextmanager
def answering(*answers: bytes | Iterable[bytes], pause: float = 0.0) -> Iterator[RawServer]:
    """A server on this machine; each connection is closed after its answer."""
    running, lock = RawServer(list(answers), pause), threading.Lock()

    class Handler(StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            first = self.rfile.readline().decode("latin-1").strip()
            length = 0
            while line := self.rfile.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            self.rfile.read(length)
            with lock:
                running.asked.append(first)
                answer = running.answers[0] if len(running.answers) == 1 else running.answers.pop(0)
            with contextlib.suppress(OSError):
                for piece in [answer] if isinstance(answer, bytes) else answer:
                    self.wfile.write(piece)
                    time.sleep(running.pause)

    ThreadingTCPServer.allow_reuse_address = True
    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        running.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()
