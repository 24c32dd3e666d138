"""One small project, deployed to one app of a sandbox, again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.deployment import Run, Started, run_action, start_action
from support.project import write_echo_project

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox


class Deployer:
    """Deploys the echo project.

    Args:
        sandbox: Where to.
        folder: The workspace; the project is written into it.
        app: The app's name; its resource group is named after it.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, app: str) -> None:
        self.sandbox, self.folder, self.app = sandbox, folder, app
        self.group = f"{app}-group"
        self.inputs = write_echo_project(folder)
        self.environ = sandbox.endpoints.environ()

    def run(self, **inputs: str) -> Run:
        """One run; the keyword `auth_level` is the input `auth-level`."""
        return run_action(self.folder, self._given(inputs), self.environ)

    def start(self, left: Path, *, before: Sequence[str] = (), **inputs: str) -> Started:
        """A run that can be killed. What it leaves behind is in the folder `left`; `before` starts it."""
        return start_action(self.folder, self._given(inputs), self.environ, left, before)

    def _given(self, inputs: dict[str, str]) -> dict[str, str]:
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        names = {"app-name": self.app, "resource-group": self.group}
        return {**self.sandbox.endpoints.inputs(), **self.inputs, **names, **given}
