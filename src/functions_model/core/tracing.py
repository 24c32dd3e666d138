"""What a run asks of services and tools, line by line, for people who want to know all of it.

One list of listeners for the process, so that whoever sends a request need not be handed one. It is empty unless
`tracing` is open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_listeners: list[Callable[[str], None]] = []
_IDS = {"x-ms-correlation-request-id": "correlation id", "x-ms-request-id": "request id"}
"""What support of Azure asks for: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling.
Registries have the first of the headers, too; Entra ID, storage and other services the second alone."""


@contextmanager
def tracing(tell: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, each line goes to `tell`, from whatever thread."""
    _listeners.append(tell)
    try:
        yield
    finally:
        _listeners.remove(tell)


def trace(line: Callable[[], str]) -> None:
    """Tell a line, which is made only where somebody listens. It must hold no secret."""
    if listeners := tuple(_listeners):
        text = line()
        for tell in listeners:
            tell(text)


@dataclass(slots=True)
class Asked:
    """A request under way.

    Attributes:
        status: HTTP's; None until there is an answer.
        headers: The answer's.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def traced(method: str, url: str) -> Iterator[Asked]:
    """Tell a request once it is answered or has failed: `PUT management.azure.com/subscriptions/... 201, 812 ms`.

    A query is left out: it may hold a signature or a key.
    """
    asked, started = Asked(), time.monotonic()
    try:
        yield asked
    finally:
        took = (time.monotonic() - started) * 1000
        trace(lambda: _line(method, url, asked, took))


def _line(method: str, url: str, asked: Asked, took: float) -> str:
    parts = urlsplit(url)
    known = next((f", {word} {asked.headers[name]}" for name, word in _IDS.items() if asked.headers.get(name)), "")
    outcome = "no answer" if asked.status is None else asked.status
    return f"{method} {parts.netloc.rpartition('@')[2]}{parts.path} {outcome}, {took:.0f} ms{known}"
