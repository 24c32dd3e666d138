"""What is live of a deployment, in a form that two deployments can be compared in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox

_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PASSING = frozenset(
    {"createdTime", "lastModifiedTimeUtc", "creationTime", "createdOn", "updatedOn", "createdAt", "updatedAt"}
)
_PORT = re.compile(r"(localhost|127\.0\.0\.1):\d+")
_POLICIES = "basicPublishingCredentialsPolicies"
_MADE_ONCE = "MACHINEKEY_DecryptionKey"


def live_state(sandbox: Sandbox, app: str) -> dict[str, Any]:
    """The resources of the group `<app>-group`, the app's configuration and settings, and who may do what there.

    Names that begin with the app's, ids and times are made alike, so that the states of two apps can be compared.
    """
    group = f"/subscriptions/{sandbox.subscription_id}/resourceGroups/{app}-group"
    site = f"{group}/providers/Microsoft.Web/sites/{app}"
    ask = _Asking(sandbox)
    resources = ask.get(f"{group}/resources")["value"]
    state = {
        "resources": {one["id"].rpartition("/providers/")[2]: ask.get(one["id"]) for one in resources},
        "web": ask.get(f"{site}/config/web")["properties"],
        "settings": ask.post(f"{site}/config/appsettings/list")["properties"],
        "publishing": {one["name"]: one["properties"] for one in ask.get(f"{site}/{_POLICIES}")["value"]},
        "roles": [_role(one) for one in ask.get(f"{group}/providers/Microsoft.Authorization/roleAssignments")["value"]],
    }
    if state["settings"].get(_MADE_ONCE):
        state["settings"][_MADE_ONCE] = "made once"
    return _alike(state, app)


class _Asking:
    def __init__(self, sandbox: Sandbox) -> None:
        ends = sandbox.endpoints
        self._root = ends.resource_manager
        self._token = sandbox.directory.issue_token(ends.client_id, "https://management.azure.com")
        self._trust = str(ends.ca_bundle)

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def post(self, path: str) -> Any:
        return self._ask("POST", path)

    def _ask(self, method: str, path: str) -> Any:
        url = f"{self._root}{path}?api-version=2020-02-02"
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = requests.request(method, url, headers=headers, verify=self._trust, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()


def _role(assignment: dict[str, Any]) -> dict[str, Any]:
    properties = assignment["properties"]
    return {name: properties[name] for name in ("roleDefinitionId", "scope", "principalType")}


def _alike(state: dict[str, Any], app: str) -> dict[str, Any]:
    text = json.dumps(_lasting(state), sort_keys=True)
    text = re.sub(rf"{re.escape(app)}|{re.escape(app.replace('-', ''))}", "APP", text)
    alike: dict[str, Any] = json.loads(_PORT.sub(r"\1:PORT", _GUID.sub("GUID", text)))
    alike["roles"].sort(key=json.dumps)
    return alike


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lasting(one) for name, one in value.items() if name not in _PASSING}
    return [_lasting(one) for one in value] if isinstance(value, list) else value
