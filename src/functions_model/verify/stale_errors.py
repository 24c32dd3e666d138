"""Errors that a host keeps of a function whose listener has started since: the log tells, or a restart clears them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.core.failures import NotLive
from functions_model.provision.endpoint import NoLog, NotYet
from functions_model.verify.listener_log import has_started

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.verify.app import AppClient

AFTER_RESTART = 60.0
"""Seconds that a host has to come back."""
_LONGEST_PAUSE = 16.0


@dataclass(slots=True)
class StaleErrors:
    """Looks for them.

    Attributes:
        app: The app.
        read: Its log. Raises `NoLog`.
        clock: Seconds.
        restarted: Whether its host was restarted.
    """

    app: AppClient
    read: Callable[[], str]
    clock: Callable[[], float]
    restarted: bool = False
    _next: float = 0.0
    _pause: float = 1.0

    def overcome(self, functions: tuple[str, ...]) -> bool:
        """Whether one of the functions has started listening since. The log is asked with growing pauses."""
        if not functions or self.clock() < self._next:
            return False
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        self._next = self.clock() + self._pause
        started = {name for name, state in self._states(functions).items() if state}
        self.app.overcome |= started
        return bool(started)

    def restart(self, functions: tuple[str, ...]) -> bool:
        """Restart the host, once, unless the log says that a listener still cannot start; whether that was done."""
        if self.restarted or not functions or False in self._states(functions).values():
            return False
        self.restarted = True
        with suppress(NotYet, NotLive):
            self.app.restart_host()
            return True
        return False

    def _states(self, functions: tuple[str, ...]) -> dict[str, bool | None]:
        log = ""
        with suppress(NoLog):
            log = self.read()
        return {name: has_started(log, name) for name in functions}
