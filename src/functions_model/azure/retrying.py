"""Trying one request again: throttling and faults of the service, with each long wait told.

The SDK's own policy does not try POST and PATCH again after a 429 without `Retry-After`, says nothing while it waits,
and waits as long as it is asked to, be it an hour. Conflicts are not tried again here, whatever their headers say: who
writes knows what is in the way (`provision.waiting`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.pipeline.policies import RetryPolicy

from functions_model.core.retries import Retries, seconds_asked

if TYPE_CHECKING:
    from collections.abc import Callable

_RETRIES = Retries(attempts=7, first=0.8, longest=20.0)
"""About a minute with a service that answers 429 or 5xx. The SDK's policy leaves out the first of the waits."""
_WORTH_TELLING = 2.0
"""Seconds."""
_TOO_MANY, _TIMED_OUT = 429, 408


class PatientRetry(RetryPolicy[Any, Any]):
    """The SDK's policy, told and bounded.

    Args:
        report: Takes a line for each wait of some seconds.
        options: As the SDK's own policy takes them.
    """

    def __init__(self, report: Callable[[str], None], **options: Any) -> None:
        again = _RETRIES.attempts - 1
        counts = {"retry_total": again, "retry_status": again}
        waits = {"retry_backoff_factor": _RETRIES.first, "retry_backoff_max": _RETRIES.longest}
        super().__init__(**{**counts, **waits, **options})
        self._report = report

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
        """Whether the answer is one to try again after."""
        status = response.http_response.status_code
        if (self.get_retry_after(response) or 0.0) > _RETRIES.most_asked:
            return False
        if status == _TOO_MANY:
            return bool(settings["total"])
        if status < 500 and status != _TIMED_OUT:
            return False
        return bool(super().is_retry(settings, response))

    def get_retry_after(self, response: Any) -> float | None:
        """Seconds that the service asks to wait. A header that says nothing would be an error to the SDK's own."""
        return seconds_asked(response.http_response.headers.get("Retry-After"))

    def sleep(self, settings: dict[str, Any], transport: Any, response: Any = None) -> None:
        """Wait as the service asks, or longer each time."""
        if response is not None:
            let_go(response)
        seconds = (self.get_retry_after(response) if response else None) or self.get_backoff_time(settings)
        if seconds >= _WORTH_TELLING:
            self._report(f"Waiting {seconds:.0f} s: {_why(response)}.")
        super().sleep(settings, transport, response)


def let_go(response: Any) -> None:
    """Close an answer that nobody will read, as the request is sent again.

    The SDK leaves it as it is. One that is streamed, as the first of each long operation is, would keep its connection
    until the garbage is collected. Clients of the SDK's older kind, whose answers have no `close`, stream none.
    """
    if (close := getattr(response.http_response, "close", None)) is not None:
        close()


def _why(response: Any) -> str:
    if response is None:
        return "the connection to Azure broke off"
    status = response.http_response.status_code
    return "Azure is being asked too often (429)" if status == _TOO_MANY else f"Azure answers {status}"
