"""When a request may begin, and when it is tried again: what may pass, how long to wait before, and how often."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from functions_model.core.answers import whole
from functions_model.core.cancel import CANCEL, Cancel
from functions_model.core.heads import HeadsAdapter
from functions_model.core.tracing import traced

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
    text = (retry_after or "").strip()
    try:
        return Retry().parse_retry_after(text) if text.isascii() else None
    except (InvalidHeader, ValueError, OverflowError):
        return None


_READING_POST = re.compile(r"/(list\w*|check\w*|token|exchange|sync\w*|containerlogs)$", re.IGNORECASE)
"""Secrets, free names and tokens are asked for by POST, and triggers read again; nothing that we make changes by it."""


def changes(method: str, url: str) -> bool:
    """Whether a request may change something."""
    if method.upper() == "POST":
        return not _READING_POST.search(urlsplit(url).path)
    return method.upper() in {"PUT", "PATCH", "DELETE"}


class BoundedAdapter(HeadsAdapter):
    """The adapter of `requests`, which reads no answer without an end.

    It sees each redirect as a request of its own.
    """

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """Send it, and read the answer unless it is wanted as a stream.

        Raises:
            requests.RequestException: No answer came, or none that can be read (`AnswerUnreadable`).
        """
        response = super().send(request, *arguments, **options)
        if response.is_redirect or not options.get("stream"):  # `requests` reads whatever leads elsewhere
            whole(response)
        return response


class CancelledAdapter(BoundedAdapter):
    """An adapter that begins nothing after a cancel, either.

    Args:
        cancel: The flag.
        options: As `HeadsAdapter` takes them.
    """

    def __init__(self, cancel: Cancel = CANCEL, **options: Any) -> None:
        self._cancel = cancel
        super().__init__(**options)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """Send it, unless the run was cancelled."""
        with self._cancel.request(writes=changes(request.method or "", request.url or "")) as sent:
            with traced(request.method or "", request.url or "") as asked:
                response = super().send(request, *arguments, **options)
                asked.status, asked.headers = response.status_code, response.headers
            sent.status = response.status_code
            return response


class SafeSession(requests.Session):
    """A session that raises nothing but `requests.RequestException`, whatever an answer's headers hold."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send it, and follow where it leads.

        Raises:
            requests.RequestException: No answer came, or none that can be followed: `Location: http://[::1`.
        """
        try:
            return super().send(request, **options)
        except requests.RequestException:
            raise
        except (HTTPError, ValueError) as exc:
            raise requests.exceptions.InvalidURL(exc, request=request) from exc


def new_session(**options: Any) -> requests.Session:
    """A session whose requests a cancel keeps from beginning, and whose answers have an end.

    Args:
        options: For its adapters, such as `pool_maxsize`.
    """
    session = SafeSession()
    for scheme in ("https://", "http://"):
        session.mount(scheme, CancelledAdapter(**options))
    return session
