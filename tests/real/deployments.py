"""Function apps that the product deploys, and what their callers get."""

from __future__ import annotations

import base64
import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

import product
from az import AzFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from session import Azure

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
_SECONDS = 230
_PAUSE = 2.0


class App:
    """One function app of a run, all on one plan: a workspace, the inputs that every run of it has, and its names.

    Args:
        azure: Where.
        registry: The login server.
        name: What is after `fm-real-<run>-`.
        project: A folder; copied.
        inputs: As the README's workflow gives them, but for the login.
    """

    def __init__(self, azure: Azure, registry: str, name: str, project: Path, **inputs: str) -> None:
        self.azure = azure
        self.name = f"fm-real-{azure.group.run}-{name}"
        self.workspace = azure.work / name
        shutil.copytree(project, self.workspace)
        self.of = ("--resource-group", azure.group.name, "--name", self.name)
        self._names = {
            "app-name": self.name,
            "resource-group": azure.group.name,
            "plan-name": f"fm-real-{azure.group.run}-plan",
        }
        self._inputs = {
            **self._names,
            "registry": registry,
            "model-path": "model",
            "entry-script": "score.py",
            **{given.replace("_", "-"): value for given, value in inputs.items()},
        }

    @property
    def path(self) -> str:
        """Below the subscription."""
        return f"/resourcegroups/{self.azure.group.name}/providers/Microsoft.Web/sites/{self.name}"

    def deploy(self, **inputs: str) -> product.Run:
        """`mode: deploy`, with inputs of this run alone."""
        return self._run("deploy", {**self._inputs, **_spelled(inputs)})

    def destroy(self, **inputs: str) -> product.Run:
        """`mode: destroy`, with all its data."""
        given = {name: self._inputs[name] for name in _REMOVED if name in self._inputs}
        return self._run("destroy", {**self._names, **given, "destroy-data": "true", **_spelled(inputs)})

    def key(self, *slot: str) -> str:
        """The key that a caller of the function `score` has."""
        keys = self.azure.az.json(
            "functionapp", "function", "keys", "list", *self.of, "--function-name", "score", *slot
        )
        return str(keys["default"])

    def keys(self) -> dict[str, Any]:
        """What `az functionapp keys list` shows; nothing while it fails, as while the host starts that Azure asks."""
        try:
            return dict(self.azure.az.json("functionapp", "keys", "list", *self.of))
        except AzFailed:
            return {}

    def settings(self, *slot: str) -> dict[str, dict[str, Any]]:
        """What `az functionapp config appsettings list` shows, by name."""
        listed = self.azure.az.json("functionapp", "config", "appsettings", "list", *self.of, *slot)
        return {one["name"]: one for one in listed}

    def image(self, *slot: str) -> str:
        """The image that `az functionapp config show` shows."""
        config = self.azure.az.json("functionapp", "config", "show", *self.of, *slot)
        return str(config["linuxFxVersion"]).removeprefix("DOCKER|")

    def call(self, url: str, key: str = "", **request: Any) -> requests.Response:
        """A caller's request."""
        headers = {"x-functions-key": key} if key else {}
        trusted = self.azure.target.trusted
        method = request.pop("method", "POST")
        return requests.request(method, url, headers=headers, verify=trusted, timeout=_SECONDS, **request)

    def version(self, name: str) -> None:
        """Make it another version: its model."""
        (self.workspace / "model" / "version.txt").write_text(name)

    def _run(self, mode: str, inputs: dict[str, str]) -> product.Run:
        return product.run(self.azure.target, mode, self.workspace, inputs)


_REMOVED = ("data-storage-account", "service-bus-namespace")


def _spelled(inputs: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in inputs.items()}


def eventually(read: Callable[[], Any], *, seconds: float = 600) -> Any:
    """What `read` gives, as soon as it gives something true, or at the end of the time whatever it gives."""
    deadline = time.monotonic() + seconds
    while not (found := read()) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    return found


def object_id(azure: Azure) -> str:
    """Whose roles the login has: the claim `oid` of its token."""
    token = azure.credential.get_token(f"{azure.target.resource_manager}/.default").token
    claims = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["oid"])


def give_role(azure: Azure, role: str, scope: str) -> None:
    """Give the login a role on something of this run."""
    who = ("--assignee-object-id", object_id(azure), "--assignee-principal-type", "ServicePrincipal")
    azure.az.json("role", "assignment", "create", *who, "--role", role, "--scope", scope)
