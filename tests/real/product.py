"""The product as its users have it: the installed command, its exit code, log, outputs and summary."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target import Target

COMMAND = Path(sys.executable).with_name("functions-model")
_MASK = "::add-mask::"
_SECONDS = 3000
_BY_VARIABLE = "app-settings"
"""It may hold secrets, which the command line does not take."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left behind, without anything that it asked to be masked.

    Attributes:
        code: The exit code.
        log: What it said.
        outputs: By name.
        summary: Markdown.
    """

    code: int
    log: str
    outputs: Mapping[str, str]
    summary: str


def run(target: Target, mode: str, workspace: Path, inputs: Mapping[str, str]) -> Run:
    """Run a mode in a workspace, with GitHub's files for outputs and summary.

    Args:
        target: Where, and as whom.
        mode: `deploy`, `plan`, `destroy` ...
        workspace: Where relative paths begin.
        inputs: By name, beside those of the login.
    """
    given = {**target.login_inputs, **inputs}
    flags = [word for name, value in given.items() if name != _BY_VARIABLE for word in (f"--{name}", value)]
    with tempfile.TemporaryDirectory() as folder:
        output, summary = (Path(folder, name) for name in ("output", "summary"))
        output.touch()
        summary.touch()
        environ = {
            **os.environ,
            **target.environ,
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            **({"FUNCTIONS_MODEL_CLIENT_SECRET": target.client_secret} if target.client_secret else {}),
            **({"FUNCTIONS_MODEL_APP_SETTINGS": given[_BY_VARIABLE]} if _BY_VARIABLE in given else {}),
        }
        ended = subprocess.run(
            [COMMAND, mode, *flags],
            cwd=workspace,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
        return Run(
            ended.returncode,
            without_secrets(ended.stdout, ended.stdout),
            read_outputs(output.read_text()),
            without_secrets(summary.read_text(), ended.stdout),
        )


def without_secrets(text: str, log: str) -> str:
    """The text without each value that the log asks GitHub's runner to mask, and without these requests."""
    asked = [line.removeprefix(_MASK) for line in log.splitlines() if line.startswith(_MASK)]
    kept = "\n".join(line for line in text.splitlines() if not line.startswith(_MASK))
    for secret in sorted(filter(None, asked), key=len, reverse=True):
        kept = kept.replace(secret, "***")
    return kept


def read_outputs(text: str) -> dict[str, str]:
    """The step outputs in a `GITHUB_OUTPUT` file: `name<<delimiter`, lines, `delimiter`."""
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, _, delimiter = line.partition("<<")
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        outputs[name] = "\n".join(value)
    return outputs
