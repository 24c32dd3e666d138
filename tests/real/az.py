"""The real `az`, with a configuration folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from login import identity_token

if TYPE_CHECKING:
    from target import Target

AZ = Path(__file__).resolve().parents[2] / ".venv-az" / "bin" / "az"
_SECONDS = 900
_ASSERTION_SECONDS = 240
"""az keeps an identity token and shows it for each new audience; GitHub's lives for five minutes."""


class AzFailed(Exception):
    """A command of az failed. The text has the command and what az said."""


class Az:
    """Logged in to the target, and again whenever its proof has grown old.

    Args:
        target: Where, and as whom.
        folder: Its configuration; holds tokens.
    """

    def __init__(self, target: Target, folder: Path) -> None:
        self._target = target
        self._since = float("-inf")
        self._environ = {
            **os.environ,
            **target.environ,
            "AZURE_CONFIG_DIR": str(folder),
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
        }
        if not target.is_azure:
            self._environ["AZURE_CORE_INSTANCE_DISCOVERY"] = "false"
            self._run("cloud", "register", "--name", "sandbox", "--endpoint-resource-manager", target.resource_manager)
        self._run("cloud", "set", "--name", target.cloud if target.is_azure else "sandbox")

    def json(self, *words: str) -> Any:
        """What a command answers.

        Raises:
            AzFailed: It failed.
        """
        self._log_in()
        answer = self._run(*words, "--output", "json")
        return json.loads(answer) if answer.strip() else None

    def text(self, *words: str) -> str:
        """What a command prints.

        Raises:
            AzFailed: It failed.
        """
        self._log_in()
        return self._run(*words)

    def _log_in(self) -> None:
        target, age = self._target, time.monotonic() - self._since
        if age < (float("inf") if target.client_secret else _ASSERTION_SECONDS):
            return
        proof = ("-p", target.client_secret) if target.client_secret else ("--federated-token", identity_token(target))
        self._run("login", "--service-principal", "-u", target.client_id, "--tenant", target.tenant_id, *proof)
        self._run("account", "set", "--subscription", target.subscription_id)
        self._since = time.monotonic()

    def _run(self, *words: str) -> str:
        answer = subprocess.run(
            [AZ, *words], env=self._environ, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if answer.returncode:
            # Not the whole command: a login has the proof in it.
            message = f"az {' '.join(words[:4])}: {answer.stderr.strip()[:1000]}"
            raise AzFailed(message)
        return answer.stdout
