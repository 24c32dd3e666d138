"""What Resource Manager answers about everything in a resource group, flat, to be compared with another's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from azure_sandbox.sandbox import Sandbox

_VERSIONS = {"microsoft.web": "2025-05-01", "microsoft.storage": "2026-09-01"}


class ReadBack:
    """Reads one sandbox as its own service principal.

    Args:
        sandbox: Whose answers.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        ends = sandbox.endpoints
        self._session = requests.Session()
        # A variable of the environment would go before a session's own setting.
        self._session.trust_env = False
        self._session.verify = str(ends.ca_file)
        self._origin = f"{ends.resource_manager}/subscriptions/{ends.subscription_id}"
        form = {
            "grant_type": "client_credentials",
            "client_id": ends.client_id,
            "client_secret": ends.client_secret,
            "scope": "https://management.azure.com/.default",
        }
        answer = self._session.post(f"{ends.authority}/{ends.tenant_id}/oauth2/v2.0/token", data=form, timeout=30)
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def group(self, group: str) -> dict[str, Any]:
        """The group, each resource in it, and what belongs to a function app, by a short name for each."""
        path = f"/resourceGroups/{group}"
        found = {"group": self._ask("GET", path)}
        for resource in self._ask("GET", f"{path}/resources")["value"]:
            kind, name = str(resource["type"]).rpartition("/")[2], str(resource["name"])
            below = f"{path}/providers/{resource['type']}/{name}"
            found[f"{kind}/{name}"] = self._ask("GET", below)
            if kind.lower() == "sites":
                found[f"{kind}/{name}/config"] = self._ask("GET", f"{below}/config/web")
                found[f"{kind}/{name}/settings"] = self._ask("POST", f"{below}/config/appsettings/list")
                policies = self._ask("GET", f"{below}/basicPublishingCredentialsPolicies")["value"]
                found[f"{kind}/{name}/publishing"] = {one["name"]: one["properties"]["allow"] for one in policies}
        return found

    def _ask(self, method: str, path: str) -> Any:
        namespace = (re.findall(r"/providers/([^/]+)", path) or ["microsoft.resources"])[-1].lower()
        version = {"api-version": _VERSIONS.get(namespace, "2025-04-01")}
        answer = self._session.request(method, f"{self._origin}{path}", params=version, timeout=30)
        answer.raise_for_status()
        return answer.json()


def flat(document: Any, names: Mapping[str, str], place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value by its place, `a.b.0.c`, with the texts in `names` replaced."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from flat(value, names, f"{place}.{name}".lstrip("."))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from flat(value, names, f"{place}.{number}")
    else:
        yield place, _named(document, names)


def _named(value: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(value, str):
        return value
    for text, name in names.items():
        value = value.replace(text, name)
    return value
