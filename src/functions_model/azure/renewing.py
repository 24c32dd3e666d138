"""Sending a request again with a new token, once, when Resource Manager says that the old one holds no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from functions_model.azure.retrying import let_go

if TYPE_CHECKING:
    from collections.abc import Callable

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
