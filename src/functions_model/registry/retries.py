"""When to try again, and how long to wait before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.core.failures import RegistryFailed

T = TypeVar("T")

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that another attempt may mend."""


class AttemptFailed(Exception):
    """One attempt failed in a way that another may mend.

    Args:
        failure: What to raise when no attempt is left.
        after: Seconds that the registry asked to wait; None when it did not say.
    """

    def __init__(self, failure: RegistryFailed, after: float | None = None) -> None:
        self.failure = failure
        self.after = after
        super().__init__(str(failure))


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long.

    Attributes:
        attempts: In all, the first included.
        first: Seconds before the second attempt; each later wait is twice the one before.
        longest: Seconds; no wait of our own is longer.
        most_asked: Seconds; a registry that asks for a longer wait is not waited for.
    """

    attempts: int = 5
    first: float = 0.5
    longest: float = 30.0
    most_asked: float = 300.0

    def wait(self, attempt: int, asked: float | None) -> float | None:
        """Seconds to wait after attempt number `attempt` (from 1); None when it was the last."""
        if attempt >= self.attempts or (asked or 0) > self.most_asked:
            return None
        return max(asked or 0.0, min(self.longest, self.first * 2.0 ** (attempt - 1)))


def persist(attempt: Callable[[], T], patience: Patience, sleep: Callable[[float], None]) -> T:
    """The first answer of an attempt that does not raise `AttemptFailed`.

    Raises:
        RegistryFailed: Of the last attempt, when all failed.
    """
    number = 0
    while True:
        number += 1
        try:
            return attempt()
        except AttemptFailed as failed:
            seconds = patience.wait(number, failed.after)
            if seconds is None:
                raise failed.failure from failed
        sleep(seconds)


def seconds_asked(retry_after: str | None, now: datetime | None = None) -> float | None:
    """What a Retry-After header asks for, in seconds: it holds a number or a date. None when it says nothing.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    if not retry_after:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        moment: datetime = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    seconds: float = (moment - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds)
