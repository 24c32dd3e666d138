"""Something slow that is started once, at the first need, by whichever thread comes first."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from .failures import ScriptFailure

T = TypeVar("T")

PAUSE = 5.0
"""Seconds in which a failed start is remembered instead of repeated."""


class StartFailed(Exception):
    """The inference server did not start. The text is fit for any caller: no traceback, no path, no value.

    Args:
        message: The text.
        failure: What the script raised, for those who may know it.
    """

    def __init__(self, message: str, failure: ScriptFailure | None = None) -> None:
        self.failure = failure
        super().__init__(message)


class Started(Generic[T]):
    """The result of `start`, made once and kept.

    Threads that come while `start` runs wait for it. When it fails, they and all callers of the next `pause` seconds
    get the same failure; the first call after that tries again.

    Args:
        start: Makes the thing. Only `StartFailed` is remembered; anything else passes through.
        pause: In seconds.
        clock: Monotonic seconds.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        start: Callable[[], T],
        *,
        pause: float = PAUSE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._start = start
        self._pause = pause
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._made: tuple[T, ...] = ()
        self._failure: StartFailed | None = None
        self._failed_at = 0.0

    def get(self, *, wait: bool = False) -> T:
        """The thing.

        Args:
            wait: Wait out the pause after a failed start, and try again, instead of failing again at once.

        Raises:
            StartFailed: It could not be started, now or a moment ago.
        """
        if not self._made:
            if wait:
                self._sleep(self._rest())
            with self._lock:
                if not self._made:
                    self._made = (self._try(),)
        return self._made[0]

    def _try(self) -> T:
        if self._failure and self._rest():
            raise StartFailed(str(self._failure), self._failure.failure)
        try:
            return self._start()
        except StartFailed as failure:
            self._failure, self._failed_at = failure, self._clock()
            raise

    def _rest(self) -> float:
        """Seconds until the next start is tried."""
        return max(0.0, self._pause - (self._clock() - self._failed_at)) if self._failure else 0.0
