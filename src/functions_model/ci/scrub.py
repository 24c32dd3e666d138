"""Replacing masked values in text, before a CI host sees it."""

from __future__ import annotations

import threading


class Scrubber:
    """Remembers values that must never be shown, and replaces them by `***`.

    CI hosts mask too, but only in their own log: not in a summary, an output file or a console.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: tuple[str, ...] = ()

    def remember(self, value: str) -> tuple[str, ...]:
        """Keep a value, and each line of a value of several lines.

        Returns:
            The texts that are new, for the host's own mask command. Blank ones are left out: masking them would
            mask everything.
        """
        texts = {value, *value.splitlines()}
        with self._lock:
            new = tuple(sorted(text for text in texts if text.strip() and text not in self._values))
            # Longest first, so that a value that holds another is replaced whole.
            self._values = tuple(sorted({*self._values, *new}, key=len, reverse=True))
        return new

    def scrub(self, text: str) -> str:
        """The text with every remembered value replaced."""
        for value in self._values:
            text = text.replace(value, "***")
        return text
