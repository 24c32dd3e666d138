"""One small project, deployed to one app of a sandbox, again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.deployment import Run, Started, run_action, start_action
from support.project import write_echo_project

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Start


class Deployer:
    """Deploys the echo project.

    Args:
        sandbox: Where to.
        folder: The workspace; the project is written into it.
        app: The app's name; its resource group is named after it.
        process: Starts its runs; None forks them from a process that has imported the product.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, app: str, process: Start | None = None) -> None:
        self.sandbox, self.folder, self.app, self.process = sandbox, folder, app, process
        self.group = f"{app}-group"
        self.inputs = write_echo_project(folder)
        self.environ = sandbox.endpoints.environ()

    def run(self, **inputs: str) -> Run:
        """One run; the keyword `auth_level` is the input `auth-level`."""
        return run_action(self.folder, self._given(inputs), self.environ, self.process)

    def start(self, left: Path, **inputs: str) -> Started:
        """A run that can be killed. What it leaves behind is in the folder `left`."""
        return start_action(self.folder, self._given(inputs), self.environ, left, self.process)

    def _given(self, inputs: dict[str, str]) -> dict[str, str]:
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        names = {"app-name": self.app, "resource-group": self.group}
        return {**self.sandbox.endpoints.inputs(), **self.inputs, **names, **given}
