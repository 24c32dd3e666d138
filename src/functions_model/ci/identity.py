"""Identity tokens that a CI host gives its jobs, asked for over HTTPS."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import requests

from functions_model.core.failures import LoginFailed
from functions_model.core.sending import PASSING, AttemptFailed, Retries, new_session

_RETRIES = Retries(first=2.0)
"""The endpoints answer 5xx now and then."""


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
    """

    def __init__(self, endpoint: TokenEndpoint, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._endpoint, self._pause = endpoint, pause

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
        parameters = {**asked.parameters, **({asked.audience: audience} if asked.audience else {})}
        headers = {**asked.headers, "Authorization": f"Bearer {asked.access}"}
        try:
            with new_session() as session:
                answer = session.request(asked.method, asked.url, params=parameters, headers=headers, timeout=30)
        except requests.RequestException as error:
            raise AttemptFailed(self._failed(f"the token endpoint said {type(error).__name__}")) from error
        if answer.status_code != 200:
            failure = self._failed(f"the token endpoint said {answer.status_code}")
            raise AttemptFailed(failure) if answer.status_code in PASSING or answer.status_code >= 500 else failure
        with suppress(ValueError, KeyError, TypeError):
            if token := str(answer.json()[asked.answer]):
                return token
        raise self._failed("the token endpoint answered without a token")

    def _failed(self, reason: str) -> LoginFailed:
        return LoginFailed("get this job's identity token", reason, self._endpoint.remedy)
