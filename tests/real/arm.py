"""Azure Resource Manager over plain HTTP: no library of the product's between the question and the answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from target import Target

_SECONDS = 60
_POLL = 2.0


class ArmRefused(Exception):
    """Resource Manager did not do what it was asked for. The text is what it said."""


class Arm:
    """Requests to one subscription.

    Args:
        target: Where.
        credential: As whom.
    """

    def __init__(self, target: Target, credential: TokenCredential) -> None:
        self._root = f"{target.resource_manager}/subscriptions/{target.subscription_id}"
        self._scope = f"{target.resource_manager}/.default"
        self._trusted = target.trusted
        self._credential = credential

    def ask(self, method: str, path: str, version: str, body: Any = None) -> requests.Response:
        """One request; any answer is taken.

        Args:
            method: `GET` ...
            path: Below the subscription.
            version: The api-version.
            body: Sent as JSON.
        """
        join = "&" if "?" in path else "?"
        return requests.request(
            method,
            f"{self._root}{path}{join}api-version={version}",
            json=body,
            headers={"Authorization": f"Bearer {self._credential.get_token(self._scope).token}"},
            verify=self._trusted,
            timeout=_SECONDS,
        )

    def do(self, method: str, path: str, version: str, body: Any = None) -> Any:
        """One request that must succeed; what it answers.

        Raises:
            ArmRefused: It did not.
        """
        answer = self.ask(method, path, version, body)
        if not answer.ok:
            message = f"{method} {path}: {answer.status_code} {answer.text[:500]}"
            raise ArmRefused(message)
        return answer.json() if answer.content else None

    def until_gone(self, path: str, version: str, seconds: float) -> bool:
        """Whether a resource is gone within that time."""
        deadline = time.monotonic() + seconds
        while self.ask("GET", path, version).status_code != 404:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def until_made(self, path: str, version: str, seconds: float = 600) -> Any:
        """A resource, as soon as it is made.

        Raises:
            ArmRefused: It could not be made, or not in that time.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self.ask("GET", path, version)
            state = answer.json().get("properties", {}).get("provisioningState", "Succeeded") if answer.ok else ""
            if state == "Succeeded":
                return answer.json()
            if state in {"Failed", "Canceled"}:
                break
            time.sleep(_POLL)
        message = f"{path} was not made within {seconds:.0f} s: {answer.text[:500]}"
        raise ArmRefused(message)
