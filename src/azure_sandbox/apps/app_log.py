"""The container log of an app: the platform's lines as App Service writes them, and the container's own."""

from __future__ import annotations

import datetime as dt
import threading
from collections import deque
from typing import TYPE_CHECKING

from azure_sandbox.apps.engine import unheard

if TYPE_CHECKING:
    from collections.abc import Callable

_LINES = 5000


class AppLog:
    """Lines of the platform, then those of the current container.

    Args:
        clock: The time now.
        hear: Told each line of a failure, when it is written.
    """

    def __init__(
        self,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        hear: Callable[[str], None] = unheard,
    ) -> None:
        self._clock = clock
        self.hear = hear
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._container: Callable[[], str] | None = None
        self._lock = threading.Lock()

    def info(self, text: str) -> None:
        """One line of the platform."""
        self._add("INFO ", text)

    def error(self, text: str) -> None:
        """One line of the platform about a failure."""
        self._add("ERROR", text)
        self.hear(text)

    def follow(self, container: Callable[[], str]) -> None:
        """From now on the text ends with what this container writes; what the one before wrote is kept."""
        with self._lock:
            previous, self._container = self._container, container
        if previous is not None:
            self._keep(previous())

    def settle(self, container: Callable[[], str]) -> None:
        """This container is gone: keep what it wrote, unless another one was followed meanwhile, as after a swap."""
        with self._lock:
            if self._container != container:
                return
            self._container = None
        self._keep(container())

    def text(self) -> str:
        """The whole log."""
        with self._lock:
            lines, container = list(self._lines), self._container
        return "\n".join([*lines, *(container().splitlines() if container else [])])

    def _keep(self, text: str) -> None:
        with self._lock:
            self._lines.extend(text.splitlines())

    def _add(self, level: str, text: str) -> None:
        stamp = self._clock().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        with self._lock:
            self._lines.append(f"{stamp}Z {level} - {text}")
