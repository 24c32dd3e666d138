"""When something is tried again: what may pass, how long to wait before, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

T = TypeVar("T")

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that another attempt may mend."""


class AttemptFailed(Exception):
    """One attempt failed in a way that another may mend.

    Args:
        failure: What to raise when no attempt is left.
        after: Seconds that the service asked to wait; None when it did not say.
    """

    def __init__(self, failure: Exception, after: float | None = None) -> None:
        self.failure = failure
        self.after = after
        super().__init__(str(failure))


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long.

    Attributes:
        attempts: In all, the first included.
        first: Seconds before the second attempt; each later wait is twice the one before.
        longest: Seconds; no wait of our own is longer.
        most_asked: Seconds; a service that asks for a longer wait is not waited for.
    """

    attempts: int = 5
    first: float = 0.5
    longest: float = 30.0
    most_asked: float = 300.0

    def pause(self, attempt: int, asked: float | None = None) -> float:
        """Seconds to wait after attempt number `attempt` (from 1): as the service asks, and never less than our own."""
        return max(asked or 0.0, min(self.longest, self.first * 2.0 ** (attempt - 1)))

    def persist(self, attempt: Callable[[], T], sleep: Callable[[float], None]) -> T:
        """The first answer of an attempt that does not raise `AttemptFailed`.

        Args:
            attempt: Tries once.
            sleep: Waits; seconds.

        Raises:
            Exception: The failure of the last attempt, when all failed; what else an attempt raises, at once.
        """
        number = 0
        while True:
            number += 1
            try:
                return attempt()
            except AttemptFailed as failed:
                if number >= self.attempts or (failed.after or 0.0) > self.most_asked:
                    raise failed.failure from failed
                seconds = self.pause(number, failed.after)
            sleep(seconds)


def seconds_asked(retry_after: str | None) -> float | None:
    """What a Retry-After header asks for, in seconds: it holds a number or a date. None when it says nothing."""
    try:
        return Retry().parse_retry_after(retry_after or "")
    except (InvalidHeader, ValueError):
        return None
