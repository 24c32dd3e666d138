"""A job's own identity: an OIDC token from the endpoint that GitHub names in the job's environment."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import requests

from functions_model.core.failures import LoginFailed
from functions_model.core.retries import PASSING, AttemptFailed, Retries
from functions_model.core.sending import new_session

_RETRIES = Retries(first=2.0)
"""The endpoint answers 5xx now and then."""

_PERMISSION = (
    "Give the job `permissions: id-token: write` (with `contents: read`). A pull request from a fork never gets one: "
    "deploy from a branch of the repository, or give a `client-secret`."
)


class JobIdentity:
    """Asks the endpoint for tokens.

    Args:
        environ: Holds `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN` where the job may ask.
        pause: Waits that many seconds between two attempts.
    """

    def __init__(self, environ: Mapping[str, str], *, pause: Callable[[float], None] = time.sleep) -> None:
        self._url = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
        self._request_token = environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
        self._pause = pause

    @property
    def available(self) -> bool:
        """Whether the job may ask: the variables are set only with `id-token: write`."""
        return bool(self._url and self._request_token)

    def token(self, audience: str, mask: Callable[[str], None]) -> str:
        """A fresh token for that audience.

        Args:
            audience: What Entra ID expects: `api://AzureADTokenExchange`.
            mask: Called with the request token and the new token before anyone else sees them.

        Raises:
            LoginFailed: The job may not ask, or the endpoint does not answer.
        """
        if not self.available:
            raise _failed("the job may not ask for one")
        mask(self._request_token)
        token = _RETRIES.persist(lambda: self._ask(audience), self._pause)
        mask(token)
        return token

    def _ask(self, audience: str) -> str:
        """The token, asked for once. `AttemptFailed` where another attempt may help."""
        headers = {"Authorization": f"Bearer {self._request_token}"}
        try:
            with new_session() as session:
                answer = session.get(self._url, params={"audience": audience}, headers=headers, timeout=30)
        except requests.RequestException as error:
            raise AttemptFailed(_failed(f"the token endpoint said {type(error).__name__}")) from error
        if answer.status_code != 200:
            failure = _failed(f"the token endpoint said {answer.status_code}")
            raise AttemptFailed(failure) if answer.status_code in PASSING or answer.status_code >= 500 else failure
        with suppress(ValueError, KeyError, TypeError):
            if token := str(answer.json()["value"]):
                return token
        raise _failed("the token endpoint said something that holds no token")


def _failed(reason: str) -> LoginFailed:
    return LoginFailed("get this job's identity token", reason, _PERMISSION)
