"""One policy for everything that is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from functions_model.core.sending import AttemptFailed, Retries, seconds_asked


class Trouble(Exception):
    """What an attempt fails with."""


class Attempts:
    """Attempts that fail with what they are given, and the waits between them."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.slept: list[float] = []

    def _attempt(self) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return "answer"

    def persist(self, retries: Retries) -> str:
        return retries.persist(self._attempt, self.slept.append)


class TestRetries:
    def test_wait_longer_each_time_and_as_the_service_asks(self) -> None:
        """Our own waits double up to the longest; one that is asked for is never cut short, nor ours by it."""
        attempts = Attempts(*(AttemptFailed(Trouble(), asked) for asked in (None, None, 1.0, 9.0, None)))

        assert "answer" == attempts.persist(Retries(attempts=6, first=1.0, longest=5.0))
        assert [1.0, 2.0, 4.0, 9.0, 5.0] == attempts.slept

    def test_end_with_the_last_failure(self) -> None:
        """It is told as it came."""
        attempts = Attempts(*(AttemptFailed(Trouble(number)) for number in range(9)))

        with pytest.raises(Trouble, match="2"):
            attempts.persist(Retries(attempts=3))

        assert [0.5, 1.0] == attempts.slept

    def test_end_where_the_wait_would_be_too_long(self) -> None:
        """An hour is for a person to decide."""
        attempts = Attempts(AttemptFailed(Trouble(), 3600.0))

        with pytest.raises(Trouble):
            attempts.persist(Retries())

        assert [] == attempts.slept

    def test_are_none_for_what_does_not_pass(self) -> None:
        """Another attempt would not mend it."""
        attempts = Attempts(Trouble())

        with pytest.raises(Trouble):
            attempts.persist(Retries())

        assert [] == attempts.slept


class TestRetryAfter:
    def test_seconds_and_dates_are_read(self) -> None:
        """Both forms of the header."""
        soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)

        assert 120.0 == seconds_asked("120")
        assert pytest.approx(30.0, abs=5.0) == seconds_asked(soon)
        assert 0.0 == seconds_asked("Sun, 22 Nov 2020 11:00:00 GMT")
        assert None is seconds_asked("soon")
        assert None is seconds_asked("Sun, 22 Nov 99999 11:00:00 GMT")
        assert None is seconds_asked(None)
