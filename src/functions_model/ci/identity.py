"""Identity tokens that a CI host gives its jobs, asked for over HTTPS."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests

from functions_model.core.answers import AnswerUnreadable, Said, host_of
from functions_model.core.failures import LoginFailed
from functions_model.core.sending import PASSING, AttemptFailed, Retries, new_session
from functions_model.core.unanswered import Unanswered, unanswered, why

_RETRIES = Retries(attempts=4, first=1.0)
"""The endpoints answer 5xx now and then. Seven seconds of waiting: who waits longer learns no more."""
_AGAIN = "Run the job again: its CI host is at fault, and nothing was touched."
_ACTION = "get this job's identity token"


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Where a job asks for its identity tokens, and how.

    Attributes:
        url: The address; empty where the job may not ask.
        access: The token that the request is made with; empty where the job may not ask.
        remedy: What to do where there is no token, in whole sentences.
        method: HTTP's.
        answer: The key of the new token in the answer.
        audience: The parameter that says whom the token is for; empty where the host decides that.
        parameters: Of the request, besides the audience.
        headers: Of the request, besides the login.
    """

    url: str
    access: str = field(repr=False)
    remedy: str
    method: str = "GET"
    answer: str = "value"
    audience: str = "audience"
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class JobIdentity:
    """Asks the endpoint for tokens.

    Args:
        endpoint: Where to ask.
        pause: Waits that many seconds between two attempts.
        session: Makes what sends a request.
    """

    def __init__(
        self,
        endpoint: TokenEndpoint,
        *,
        pause: Callable[[float], None] = time.sleep,
        session: Callable[[], requests.Session] = new_session,
    ) -> None:
        self._endpoint, self._pause, self._session = endpoint, pause, session

    @property
    def available(self) -> bool:
        """Whether the job may ask."""
        return bool(self._endpoint.url and self._endpoint.access)

    def token(self, audience: str, mask: Callable[[str], None]) -> str:
        """A fresh token for that audience.

        Args:
            audience: What Entra ID expects: `api://AzureADTokenExchange`.
            mask: Called with the token of the request and the new token before anyone else sees them.

        Raises:
            LoginFailed: The job may not ask, or the endpoint does not answer.
        """
        if not self.available:
            raise self._failed("the job may not ask for one")
        mask(self._endpoint.access)
        token = _RETRIES.persist(lambda: self._ask(audience), self._pause)
        mask(token)
        return token

    def _ask(self, audience: str) -> str:
        """The token, asked for once. `AttemptFailed` where another attempt may help."""
        asked = self._endpoint
        host = self._checked_host()
        parameters = {**asked.parameters, **({asked.audience: audience} if asked.audience else {})}
        headers = {**asked.headers, "Authorization": f"Bearer {asked.access}"}
        try:
            with self._session() as session:
                answer = session.request(asked.method, asked.url, params=parameters, headers=headers, timeout=30)
        except requests.RequestException as error:
            silent = unanswered(error, host) or Unanswered(f"`{host}` cannot be asked ({why(error)})", _AGAIN)
            failure = LoginFailed(_ACTION, f"its token endpoint gave no answer: {silent.what}", silent.remedy)
            raise (AttemptFailed(failure) if silent.passes else failure) from error
        return self._token_in(Said.of(answer))

    def _checked_host(self) -> str:
        """The endpoint's host, of an address and a token that a request can have."""
        asked, parts = self._endpoint, None
        with suppress(ValueError):
            parts = urlsplit(asked.url)
        if parts is None or parts.scheme not in {"https", "http"} or not parts.hostname:
            raise LoginFailed(_ACTION, "the address of its token endpoint is no URL", _AGAIN)
        if not (asked.access.isascii() and asked.access.isprintable()):
            what = "the token that the job asks with holds characters that no header can carry"
            raise LoginFailed(_ACTION, what, _AGAIN)
        return host_of(asked.url)

    def _token_in(self, said: Said) -> str:
        if said.status in PASSING or said.status >= 500:
            raise AttemptFailed(LoginFailed(_ACTION, f"its token endpoint is at fault: {said.reason}", _AGAIN))
        if said.status != 200 and not said.is_page:
            raise self._failed(f"the token endpoint said {said.status}")
        try:
            token = said.mapping().get(self._endpoint.answer)
        except AnswerUnreadable as error:
            raise LoginFailed(_ACTION, error.reason, error.remedy) from error
        if not isinstance(token, str) or not (token.strip() and token.isascii() and token.isprintable()):
            raise LoginFailed(_ACTION, f"the token endpoint `{said.host}` answered without a token", _AGAIN)
        return token

    def _failed(self, reason: str) -> LoginFailed:
        return LoginFailed(_ACTION, reason, self._endpoint.remedy)
