"""Failures on request: what a real cloud does on its bad days, on demand."""

from __future__ import annotations

import asyncio
import re
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        method: `PUT`, several as `PUT|PATCH`, or `*` for any.
        path_pattern: A regular expression looked for in the path (without the query), in any case.
        status: The answer's status; None lets the request through, after `delay`.
        body: JSON as an object, text, or bytes.
        headers: For example `{"Retry-After": "1"}`.
        passes: How many requests that it concerns go through before the first one that it hits.
        times: How many requests it hits; None means every one until it is removed.
        delay: Seconds before anything else happens.
        hold: Keep the request back until `Faults.release`, before anything else happens. It has arrived: what it asks
            for is done after that even when its client is gone, as with the real services.
        drop_connection: Break the connection off instead of answering.
        executed: Do what was asked first, and lose only the answer (a 503 for a create that went through).
        service: Only this service (`arm`, `entra`, `github`, `imds`, `registry`, `base-registry`); `*` is any.
        after_bytes: Strike in the middle of an upload, once that many bytes of the request's body have come (a block
            more or less). A body that is shorter goes through, and the fault waits for the next one.
        expire_tokens: The access tokens that registries gave out until now hold no longer. Alone it lets the request
            through: at its start, to be refused; with `after_bytes`, to its end, so that the next one is refused.
        spoiled: What becomes of the true answer's body, which is given to it; what was asked is done. For whoever has
            the sandbox in this process.
    """

    method: str
    path_pattern: str
    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    passes: int = 0
    times: int | None = 1
    delay: float = 0.0
    hold: bool = False
    drop_connection: bool = False
    executed: bool = False
    service: str = "*"
    after_bytes: int | None = None
    expire_tokens: bool = False
    spoiled: Callable[[bytes], bytes] | None = None

    def hits(self, service: str, method: str, path: str) -> bool:
        """Whether it concerns this request."""
        return (
            self.service in {"*", service}
            and not {"*", method}.isdisjoint(self.method.upper().split("|"))
            and re.search(self.path_pattern, path, re.IGNORECASE) is not None
        )


@dataclass(slots=True)
class _Waiting:
    """A fault, how many requests it still lets pass, and how often it will still strike; None is for ever."""

    fault: Fault
    passes: int
    left: int | None

    def lets_pass(self) -> bool:
        """Count a request that it concerns, and say whether that one goes through."""
        self.passes -= 1
        return self.passes >= 0


class Faults:
    """The faults that wait for their request. Safe for threads."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()
        self._generation = 0
        self._held = 0

    @property
    def held(self) -> int:
        """How many requests are kept back now."""
        return self._held

    def release(self) -> None:
        """Let go of every request that is kept back."""
        with self._lock:
            self._held = 0

    async def keep_back(self) -> None:
        """Wait for `release`."""
        with self._lock:
            self._held += 1
        while self._held:
            await asyncio.sleep(0.01)

    @property
    def token_generation(self) -> int:
        """A number that registries put into their access tokens; a token with a smaller one has expired."""
        return self._generation

    def expire_tokens(self) -> None:
        """Let every access token expire that a registry gave out until now."""
        with self._lock:
            self._generation += 1

    def add(self, fault: Fault) -> None:
        """Let it wait behind those that are there.

        Raises:
            ValueError: The pattern is not a regular expression, or the fault would do nothing.
        """
        _check(fault)
        with self._lock:
            self._waiting.append(_Waiting(fault, fault.passes, fault.times))

    def waiting(self) -> tuple[Fault, ...]:
        """Those that have not hit as often as they were told to."""
        with self._lock:
            return tuple(replace(one.fault, passes=max(one.passes, 0), times=one.left) for one in self._waiting)

    def clear(self) -> None:
        """Remove all of them."""
        with self._lock:
            self._waiting.clear()
            self._held = 0

    def take(self, service: str, method: str, path: str) -> Fault | None:
        """The first fault for this request. It has hit once more; one that waits for bytes has not, until `strike`."""
        with self._lock:
            concerned = (one for one in self._waiting if one.fault.hits(service, method, path))
            found = next((one for one in concerned if not one.lets_pass()), None)
            if found is None:
                return None
            if found.fault.after_bytes is None:
                self._count(found)
            return found.fault

    def strike(self, fault: Fault) -> bool:
        """Count a fault that waited for bytes; False when another request had it meanwhile."""
        with self._lock:
            found = next((one for one in self._waiting if one.fault is fault), None)
            if found is not None:
                self._count(found)
            return found is not None

    def _count(self, waiting: _Waiting) -> None:
        if waiting.left is None:
            return
        waiting.left -= 1
        if waiting.left <= 0:
            self._waiting.remove(waiting)


def _check(fault: Fault) -> None:
    try:
        re.compile(fault.path_pattern)
    except re.error as error:
        message = f"`{fault.path_pattern}` is not a regular expression: {error}"
        raise ValueError(message) from error
    does = (fault.status, fault.drop_connection, fault.delay, fault.hold, fault.expire_tokens, fault.spoiled)
    if not any(does):
        message = "a fault needs a status, a delay, hold, drop_connection, expire_tokens or spoiled"
        raise ValueError(message)
    if not (fault.spoiled is None or callable(fault.spoiled)):
        message = "what spoils an answer (spoiled) can only be given in the sandbox's own process"
        raise ValueError(message)
    if fault.after_bytes is not None and fault.executed:
        message = "a fault in the middle of a request's body (after_bytes) cannot leave the request executed"
        raise ValueError(message)
