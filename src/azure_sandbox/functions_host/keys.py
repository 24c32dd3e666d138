"""Function keys: what a request must carry for a function's authorization level."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .index import Function
    from .options import Handover


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


def _given(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """`x-functions-key` counts before `?code=`."""
    return headers.get("x-functions-key") or query.get("code") or ""


def _same(given: str, key: str) -> bool:
    return bool(key) and hmac.compare_digest(given.encode(), key.encode())
