"""The action's image, cancelled as GitHub does it: the client gets the signals and is killed, the container is let be.

actions/runner, ProcessInvoker.cs: SIGINT, 7.5 s later SIGTERM, 2.5 s later the end of the client alone.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import docker
import pytest

from azure_sandbox.faults import Fault
from support.cancelling import GONE, begun_after, wait
from support.deployer import Deployer
from support.engine import ACTION_IMAGE, CA_BUNDLE, ensure_images

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.needs("docker", "mmdebstrap"), pytest.mark.exhaustive]

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


def start(deployer: Deployer, folder: Path) -> Job:
    """The step, as the runner starts it, on this machine's network, where the sandbox is."""
    name = f"functions-model-test-{uuid4().hex[:12]}"
    trusted = CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b""
    (deployer.folder / "trust.pem").write_bytes(trusted + b"\n" + deployer.sandbox.endpoints.ca_bundle.read_bytes())
    inputs = {
        **deployer.sandbox.endpoints.inputs(),
        **deployer.inputs,
        "app-name": deployer.app,
        "resource-group": deployer.group,
    }
    environ = {
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
        *("--workdir", "/github/workspace", "-v", f"{deployer.folder}:/github/workspace", ACTION_IMAGE),
    ]
    with (folder / "log").open("wb") as log:
        client = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    return Job(client, name, folder / "log")


UNTOUCHED = "No Azure resource was touched."


@pytest.mark.parametrize(
    ("case", "fault", "words"),
    [
        ("registry", Fault("*", ".", hold=True, service="registry"), UNTOUCHED),
        ("plan", Fault("PUT", "/serverfarms/", hold=True), "not known to have ended: [^.]*the plan `f9-plan-plan`"),
        (
            "app",
            Fault("PUT", "/sites/f9-app$", hold=True),
            "not known to have ended: the function app `f9-app`.* may run",
        ),
        ("group", Fault("GET", "/resourcegroups", hold=True), UNTOUCHED),
        ("entra", Fault("POST", "/token", hold=True, service="entra"), UNTOUCHED),
        ("oidc", Fault("*", ".", hold=True, service="github"), UNTOUCHED),
    ],
)
def test_cancelled_by_github(sandbox: Sandbox, tmp_path: Path, case: str, fault: Fault, words: str) -> None:
    """The container is gone within seconds of SIGINT, nothing was begun after it, and its last words are right."""
    ensure_images()
    deployer = Deployer(sandbox, tmp_path / "workspace", f"f9-{case}")
    sandbox.journal.clear()
    sandbox.faults.add(fault)
    job = start(deployer, tmp_path / "job")
    try:
        assert wait(lambda: bool(sandbox.faults.held)), job.log.read_text()
        signalled = time.monotonic()
        seconds = job.cancel()
        sandbox.faults.release()
        assert wait(lambda: not sandbox.journal.open)
        after = begun_after(sandbox, signalled)
    finally:
        sandbox.faults.clear()
        with closing(docker.from_env()) as engine, suppress(docker.errors.APIError):
            engine.api.remove_container(job.name, force=True)
    log = job.log.read_text()

    assert (130, True) == (job.client.returncode, seconds < GONE), (seconds, log)
    assert [] == after
    assert "Traceback" not in log
    assert re.search(words, log), log
    again = deployer.run()
    assert again.code == 0, again.log
