"""The built-in sandbox, as a process of its own. The product knows it only by what it writes into its ready file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 600
"""The first start makes the base image and installs Azurite; later ones take a second or two."""

_STOP_SECONDS = 60
"""It stops its containers and storage processes on the way out."""


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """Where a started sandbox can be reached.

    Attributes:
        environ: Environment variables that a run against it needs.
        inputs: Inputs for a run against it.
        engine: `docker` or `process`: how it runs function apps.
        notes: What it leaves out on this machine, and why; a line each.
        ca_file: The certificate authority its addresses are signed by.
    """

    environ: dict[str, str]
    inputs: dict[str, str]
    engine: str
    notes: tuple[str, ...]
    ca_file: str


class SandboxStopped(RuntimeError):
    """The sandbox did not come up."""


@contextmanager
def running_sandbox(engine: str, python: str | None = None) -> Iterator[RunningSandbox]:
    """A sandbox for the length of a `with` block; everything it started is gone afterwards.

    Args:
        engine: `auto`, `docker` or `process`.
        python: The base image's Python minor; None leaves it to the sandbox.

    Raises:
        SandboxStopped: It did not come up; the message holds its last words.
    """
    with tempfile.TemporaryDirectory(prefix="functions-model-sandbox-") as root:
        ready = Path(root) / "ready.json"
        log = Path(root) / "sandbox.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "azure_sandbox", "serve"),
                    *("--root", str(Path(root) / "state"), "--engine", engine, "--ready-file", str(ready)),
                    *(("--python", python) if python else ()),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C in the terminal must reach us alone, and we stop it in order.
                start_new_session=True,
            )
        try:
            yield _wait(process, ready, log)
        finally:
            _stop(process)


def _wait(process: subprocess.Popen[bytes], ready: Path, log: Path) -> RunningSandbox:
    deadline = time.monotonic() + _START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            if "ModuleNotFoundError" in tail:
                tail += "\nThe sandbox has libraries of its own: install `functions-model-action[sandbox]`."
            message = f"the sandbox did not come up (exit code {process.poll()}):\n{tail}"
            raise SandboxStopped(message)
        time.sleep(0.05)
    told = json.loads(ready.read_text())
    return RunningSandbox(
        environ=told["environ"],
        inputs=told["inputs"],
        engine=told["engine"],
        notes=tuple(told["notes"]),
        ca_file=told["endpoints"]["ca_file"],
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
