"""Replacing masked values in text, before a CI host sees it."""

from __future__ import annotations

import threading

from functions_model.core.masking import blot, for_runner, forms


class Scrubber:
    """Remembers values that must never be shown, and replaces them by `***`, whatever form they are in.

    CI hosts mask too, but only in their own log: not in a summary, an output file or a console.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: set[str] = set()
        self._forms: tuple[str, ...] = ()

    def remember(self, value: str) -> tuple[str, ...]:
        """Keep a value.

        Returns:
            The texts for the host's own mask command; none when the value is known, or blank.
        """
        with self._lock:
            if value in self._values:
                return ()
            self._values.add(value)
            self._forms = tuple(sorted({*self._forms, *forms(value)}, key=len, reverse=True))
        return for_runner(value)

    def scrub(self, text: str) -> str:
        """The text with every remembered value replaced."""
        return blot(text, self._forms)
