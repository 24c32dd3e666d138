"""The host's log, on standard output in the form of .NET's console logger."""

from __future__ import annotations

import threading
from typing import IO

_SHORT = {
    "DEBUG": "dbug",
    "INFO": "info",
    "WARNING": "warn",
    "ERROR": "fail",
    "CRITICAL": "crit",
}


class Console:
    """Writes log lines, or swallows them when the console is off.

    Args:
        stream: Where to write.
        enabled: `logging.console.isEnabled`.
    """

    def __init__(self, stream: IO[str], *, enabled: bool) -> None:
        self._stream = stream
        self.enabled = enabled
        self._lock = threading.Lock()

    def write(self, level: str, category: str, text: str) -> None:
        """One entry: level and category on one line, the text indented below."""
        if not self.enabled:
            return
        body = text.rstrip("\n").replace("\n", "\n      ")
        with self._lock:
            self._stream.write(f"{_SHORT.get(level, 'info')}: {category}[0]\n      {body}\n")
            self._stream.flush()

    def info(self, category: str, text: str) -> None:
        """An informational entry."""
        self.write("INFO", category, text)

    def error(self, category: str, text: str) -> None:
        """An error."""
        self.write("ERROR", category, text)
