"""Function keys: what a request must carry for a function's authorization level."""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from .index import Function


@dataclass(frozen=True, slots=True)
class Handover:
    """What the platform tells the host.

    Attributes:
        master: The master key; None when secrets are off, as without AzureWebJobsStorage.
        host_keys: Keys that open every function.
        function_keys: Function -> keys of that function alone.
        system_keys: Keys of extensions.
        storage_error: What the storage service said, when the host's storage does not work.
        platform: The platform's own token for `/admin`.
        collision: What the host says when another one has its id; empty when none has.
        stops_for_collision: Whether that ends it.
    """

    master: str | None = None
    host_keys: dict[str, str] = field(default_factory=dict)
    function_keys: dict[str, dict[str, str]] = field(default_factory=dict)
    system_keys: dict[str, str] = field(default_factory=dict)
    storage_error: str | None = None
    platform: str | None = None
    collision: str = ""
    stops_for_collision: bool = True


class Keyring:
    """The keys of this host. Functions that have none get one, as the host makes them.

    Args:
        handover: What the platform keeps.
    """

    def __init__(self, handover: Handover) -> None:
        self._handover = handover
        self.enabled = handover.master is not None
        self._functions = {name.lower(): dict(keys) for name, keys in handover.function_keys.items()}

    def add_functions(self, functions: Iterable[Function]) -> None:
        """Give each function a default key of its own, unless it has one."""
        for function in functions:
            self._functions.setdefault(function.name.lower(), {"default": secrets.token_urlsafe(40)})

    def of_function(self, name: str) -> dict[str, str]:
        """The keys of one function alone."""
        return dict(self._functions.get(name.lower(), {}))

    def is_platform(self, headers: Mapping[str, str]) -> bool:
        """Whether the request comes from the platform itself."""
        return _same(headers.get("x-ms-site-restricted-token", ""), self._handover.platform or "")

    def is_master(self, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        """Whether the request carries the master key."""
        return self.enabled and _same(_given(headers, query), self._handover.master or "")

    def admits(self, function: Function, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        """Whether the request may call the function."""
        if function.level == "anonymous" or self.is_master(headers, query):
            return True
        if function.level == "admin" or not self.enabled:
            return False
        keys = [*self._handover.host_keys.values(), *self.of_function(function.name).values()]
        given = _given(headers, query)
        return any(_same(given, key) for key in keys)


def read_handover(path: Path) -> Handover | None:
    """What the platform handed over; None when that is nothing, or still being written.

    Docker removes a file before it puts another one in its place, so a reader may find none, or a part of it.
    """
    try:
        given = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return Handover(**given)


def _given(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """`x-functions-key` counts before `?code=`."""
    return headers.get("x-functions-key") or query.get("code") or ""


def _same(given: str, key: str) -> bool:
    return bool(key) and hmac.compare_digest(given.encode(), key.encode())
