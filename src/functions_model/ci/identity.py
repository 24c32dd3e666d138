"""A job's own identity: an OIDC token from the endpoint that GitHub names in the job's environment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import requests

from functions_model.core.failures import LoginFailed
from functions_model.core.sending import new_session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ATTEMPTS = 5
"""How often the token is asked for; the endpoint answers 5xx now and then."""

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
        action = "get this job's identity token"
        if not self.available:
            raise LoginFailed(action, "the job may not ask for one", _PERMISSION)
        mask(self._request_token)
        reason = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._pause(2.0**attempt)
            token, reason, again = self._ask(audience)
            if token:
                mask(token)
                return token
            if not again:
                break
        raise LoginFailed(action, f"the token endpoint said {reason}", _PERMISSION)

    def _ask(self, audience: str) -> tuple[str, str, bool]:
        """The token, or the reason why there is none and whether another attempt may help."""
        headers = {"Authorization": f"Bearer {self._request_token}"}
        try:
            with new_session() as session:
                answer = session.get(self._url, params={"audience": audience}, headers=headers, timeout=30)
        except requests.RequestException as error:
            return "", type(error).__name__, True
        if answer.status_code != 200:
            return "", f"{answer.status_code}", answer.status_code in {408, 429} or answer.status_code >= 500
        try:
            return str(answer.json()["value"]), "", False
        except (ValueError, KeyError, TypeError):
            return "", "something that holds no token", False
