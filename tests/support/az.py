"""The real `az` command line, pointed at a sandbox."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.tools import AZ

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.endpoints import Endpoints


@dataclass
class Az:
    """az with a configuration folder of its own."""

    environ: dict[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command."""
        return subprocess.run([AZ, *words], env=self.environ, capture_output=True, text=True, timeout=120, check=False)

    def json(self, *words: str) -> Any:
        """What a command answers; it must succeed."""
        answer = self.run(*words, "--output", "json")
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout) if answer.stdout.strip() else None

    def sign_in(self, ends: Endpoints, *proof: str) -> None:
        """Make the sandbox the cloud, and log in as its service principal."""
        self.choose_cloud(ends)
        self.log_in(ends, *proof)

    def choose_cloud(self, ends: Endpoints) -> None:
        """Make the sandbox the cloud. A copy of the configuration folder knows it as well."""
        self.json("cloud", "register", "--name", "sandbox", "--endpoint-resource-manager", ends.resource_manager)
        self.json("cloud", "set", "--name", "sandbox")

    def log_in(self, ends: Endpoints, *proof: str) -> None:
        """Log in as the sandbox's service principal."""
        self.json("login", "--service-principal", "-u", ends.client_id, "--tenant", ends.tenant_id, *proof)


def new_az(folder: Path, ends: Endpoints) -> Az:
    """An az that knows of nothing but the sandbox."""
    settings = {
        "AZURE_CONFIG_DIR": str(folder),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
    }
    return Az({**os.environ, **ends.environ(), **settings})
