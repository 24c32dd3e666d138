"""The way of the SDK's requests to the network: retries, login, versions, and a cancel that closes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import RetryPolicy, SansIOHTTPPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from functions_model.azure.errors import error_code
from functions_model.azure.misread import Misread, heard, said_of, set_wait
from functions_model.core.cancel import CANCEL, Cancel
from functions_model.core.sending import BoundedAdapter, Retries, SafeSession, changes, seconds_asked
from functions_model.core.tracing import traced
from functions_model.core.unanswered import unanswered

_RETRIES = Retries(attempts=7, first=0.8, longest=20.0)
"""About a minute with a service that answers 429 or 5xx. The SDK's policy leaves out the first of the waits."""
_WORTH_TELLING = 2.0
"""Seconds."""
_TOO_MANY, _TIMED_OUT = 429, 408


_SAFE_TWICE = frozenset({"HEAD", "GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
"""Methods whose second request leaves what the first one did: our PATCHes set values. POST starts and swaps."""


class PatientRetry(RetryPolicy[Any, Any]):
    """The SDK's policy, told and bounded: for throttling and faults of the service.

    By itself it does not try POST and PATCH again after a 429 without `Retry-After`, says nothing while it waits, and
    waits as long as it is asked to, be it an hour. Conflicts are not tried again here, whatever their headers say: who
    writes knows what is in the way (`provision.context`).

    Args:
        report: Takes a line for each wait of some seconds.
        options: As the SDK's own policy takes them.
    """

    def __init__(self, report: Callable[[str], None], **options: Any) -> None:
        counts = dict.fromkeys(("retry_total", "retry_status"), _RETRIES.attempts - 1)
        waits = {"retry_backoff_factor": _RETRIES.first, "retry_backoff_max": _RETRIES.longest}
        super().__init__(**{**counts, **waits, **options})
        self._report = report

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        """The settings of one request; a connection that breaks is tried again for PATCH, too."""
        options.setdefault("retry_on_methods", _SAFE_TWICE)
        return super().configure_retries(options)

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

    def increment(self, settings: dict[str, Any], response: Any = None, error: Any = None) -> bool:
        """Whether to try again: not after what no other attempt mends, such as a certificate that is not trusted."""
        silent = unanswered(error) if error else None
        more = super().increment(settings, response=response, error=error)
        return more and (silent is None or silent.passes)

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
    return "Azure is throttling requests (429)" if status == _TOO_MANY else f"Azure answers {status}"


_BEARER = "Bearer "


class RenewingAuthentication(ARMChallengeAuthenticationPolicy):
    """The SDK's policy, which otherwise would send the same token until its time is over.

    A token can end before that: the clock of the runner is slow, or the token was revoked. A quota that is answered
    with 401 carries no challenge, and is left alone.
    """

    def on_challenge(self, request: Any, response: Any) -> bool:
        """Whether the request now has another token than the one that was refused."""
        if not (super().on_challenge(request, response) or self._renewed(request, response)):
            return False
        let_go(response)
        return True

    def _renewed(self, request: Any, response: Any) -> bool:
        challenge = response.http_response.headers.get("WWW-Authenticate", "")
        renew: Callable[[str], bool] | None = getattr(self._credential, "renew", None)
        if renew is None or "invalid_token" not in challenge:
            return False
        if not renew(request.http_request.headers.get("Authorization", "").removeprefix(_BEARER)):
            return False
        self.authorize_request(request, *self._scopes)
        return True


_CODES = {"InvalidResourceType", "InvalidResourceNamespace"}
_NOT_FOUND, _BAD_REQUEST = 404, 400


class UnknownVersionPolicy(SansIOHTTPPolicy[Any, Any]):
    """Raise for a 404 that means the version, or the type in this cloud.

    Below a resource group Azure says so with 400, elsewhere with 404
    (https://github.com/Azure/azure-cli/issues/31037): who asks whether something is there would take that for a no.
    """

    def on_response(self, request: Any, response: Any) -> None:  # noqa: ARG002 - the SDK's signature
        """Look at the answer.

        Raises:
            HttpResponseError: With the status 400.
        """
        answer = response.http_response
        if answer.status_code != _NOT_FOUND:
            return
        # The first answer of a long operation is streamed; clients of the SDK's older kind stream none.
        getattr(answer, "read", lambda: None)()
        error = HttpResponseError(response=answer)
        if error_code(error) in _CODES:
            error.status_code = _BAD_REQUEST
            raise error


_CONNECT_SECONDS = 30.0
"""By itself the SDK waits for 300, four times in all: twenty minutes for a firewall that drops what comes."""


class CancelledTransport(RequestsTransport):  # type: ignore[misc]
    """The SDK's transport, which begins nothing after a cancel, and waits for nothing that has no end.

    It is below retries and login: it sees each request.

    Args:
        cancel: The flag.
        options: As `RequestsTransport` takes them.
    """

    def __init__(self, cancel: Cancel = CANCEL, **options: Any) -> None:
        self._cancel = cancel
        super().__init__(**{"connection_timeout": _CONNECT_SECONDS, **options})

    def _init_session(self, session: requests.Session) -> None:
        super()._init_session(session)
        for scheme, adapter in list(session.adapters.items()):
            session.mount(scheme, BoundedAdapter(max_retries=getattr(adapter, "max_retries", 0)))

    def open(self) -> None:
        """Open the connection, with a session of ours unless another one was given."""
        if not self._has_been_opened and getattr(self, "session", None) is None:
            self.session: requests.Session | None = SafeSession()
            self._init_session(self.session)
        super().open()

    def send(self, request: Any, **options: Any) -> Any:
        """Send it, unless the run was cancelled."""
        with self._cancel.request(writes=changes(request.method, request.url)) as sent:
            with traced(request.method, request.url) as asked:
                response = heard(super().send(request, **options))
                asked.status, asked.headers = response.status_code, response.headers
            sent.status = response.status_code
            return response


class LoginTransport(CancelledTransport):
    """The same for Entra ID: what the SDK makes of a page is neither a token nor a refusal."""

    def send(self, request: Any, **options: Any) -> Any:
        """Send it.

        Raises:
            Misread: A page came instead of an answer.
        """
        response = super().send(request, **options)
        set_wait(response)
        said = said_of(response)
        if said is not None and said.is_page:
            raise Misread(said.reason, said.remedy, response)
        return response
