"""One small project, deployed to one app of a sandbox, again and again."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from support.deployment import GITHUB, Run, Started, start_action
from support.project import write_echo_project

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox
    from support.deployment import JobHost, Start


class Deployer:
    """Deploys the echo project.

    Args:
        sandbox: Where to.
        folder: The workspace; the project is written into it.
        app: The app's name; its resource group is named after it.
        process: Starts its runs; None forks them from a process that has imported the product.
        host: What they work for.
    """

    def __init__(
        self, sandbox: Sandbox, folder: Path, app: str, process: Start | None = None, *, host: JobHost = GITHUB
    ) -> None:
        self.sandbox, self.folder, self.app, self.process, self.host = sandbox, folder, app, process, host
        self.group = f"{app}-group"
        self.inputs = write_echo_project(folder)
        self.environ = sandbox.endpoints.environ()

    def run(self, **inputs: str) -> Run:
        """One run; the keyword `auth_level` is the input `auth-level`."""
        with tempfile.TemporaryDirectory() as left:
            return self.start(Path(left), **inputs).run()

    def start(self, left: Path, **inputs: str) -> Started:
        """A run that can be killed. What it leaves behind is in the folder `left`."""
        return start_action(self.folder, self._given(inputs), self.environ, left, self.process, host=self.host)

    def _given(self, inputs: dict[str, str]) -> dict[str, str]:
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        names = {"app-name": self.app, "resource-group": self.group}
        return {**self.sandbox.endpoints.inputs(), **self.inputs, **names, **given}
