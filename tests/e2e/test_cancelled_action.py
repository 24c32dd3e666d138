"""The action's image, cancelled as GitHub does it: the client gets the signals and is killed, the container is let be.

actions/runner, ProcessInvoker.cs: SIGINT, 7.5 s later SIGTERM, 2.5 s later the end of the client alone.
"""

from __future__ import annotations

import re
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import docker
import pytest

from azure_sandbox.faults import Fault
from support.cancelling import GONE, begun_after, wait
from support.deployer import Deployer
from support.engine import ensure_images
from support.job import start

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.needs("docker", "mmdebstrap"), pytest.mark.exhaustive]

UNTOUCHED = "No Azure resource was touched."


@pytest.mark.parametrize(
    ("case", "fault", "words"),
    [
        ("registry", Fault("*", ".", hold=True, service="registry"), UNTOUCHED),
        ("plan", Fault("PUT", "/serverfarms/", hold=True), "not known to have finished: [^.]*the plan `f9-plan-plan`"),
        (
            "app",
            Fault("PUT", "/sites/f9-app$", hold=True),
            "not known to have finished: the function app `f9-app`.* may run",
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
