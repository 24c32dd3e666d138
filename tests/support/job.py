"""The action's image as the runner starts it: a client of the engine, and its container.

actions/runner, ProcessInvoker.cs: SIGINT, 7.5 s later SIGTERM, 2.5 s later the end of the client alone.
"""

from __future__ import annotations

import signal
import subprocess
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import docker

from functions_model.inputs.sources import COMPILERS
from support.engine import ACTION_IMAGE, CA_BUNDLE

if TYPE_CHECKING:
    from pathlib import Path

    from support.deployer import Deployer

_TO_TERM, _TO_KILL = 7.5, 2.5
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Job:
    """One step of a job: a client of the engine, and its container.

    Attributes:
        client: The process `docker run`.
        name: The container's.
        log: Takes what it prints.
    """

    client: subprocess.Popen[bytes]
    name: str
    log: Path

    def is_there(self) -> bool:
        """Whether the container is there, running or not."""
        with closing(docker.from_env()) as engine:
            try:
                engine.containers.get(self.name)
            except docker.errors.NotFound:
                return False
            return True

    def cancel(self) -> float:
        """As GitHub's runner does it. Seconds until the container was gone; `inf` when it outlived its client."""
        begun = time.monotonic()
        self.client.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.client.wait(_TO_TERM)
        if self.client.poll() is None:
            self.client.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.client.wait(_TO_KILL)
        self.client.kill()
        self.client.wait()
        seconds = time.monotonic() - begun
        return float("inf") if self.is_there() else seconds


def start(deployer: Deployer, folder: Path, *options: str, **changed: str) -> Job:
    """The step, as the runner starts it, on this machine's network, where the sandbox is."""
    name = f"functions-model-test-{uuid4().hex[:12]}"
    trusted = CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b""
    (deployer.folder / "trust.pem").write_bytes(trusted + b"\n" + deployer.sandbox.endpoints.ca_bundle.read_bytes())
    inputs = {
        **deployer.sandbox.endpoints.inputs(),
        **deployer.inputs,
        "app-name": deployer.app,
        "resource-group": deployer.group,
        **{name.replace("_", "-"): text for name, text in changed.items()},
    }
    environ = {
        COMPILERS: "",
        **deployer.environ,
        **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": "/github/workspace",
        "REQUESTS_CA_BUNDLE": "/github/workspace/trust.pem",
        "SSL_CERT_FILE": "/github/workspace/trust.pem",
    }
    folder.mkdir(parents=True)
    variables = folder / "environ"
    variables.write_text("".join(f"{name}={value}\n" for name, value in environ.items()))
    command = [
        *("docker", "run", "--name", name, "--rm", "--network", "host", "--env-file", str(variables)),
        *("--workdir", "/github/workspace", "-v", f"{deployer.folder}:/github/workspace", *options, ACTION_IMAGE),
    ]
    with (folder / "log").open("wb") as log:
        client = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    return Job(client, name, folder / "log")
