"""Deployments that are killed: run again, they come to the same end."""

from __future__ import annotations

import itertools
import os
import time
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.arm.operations import Durations
from azure_sandbox.faults import Fault
from azure_sandbox.sandbox import Sandbox
from support.deployer import Deployer
from support.live_state import live_state
from support.triggers import QUEUES

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from support.deployment import Run

_MOST = 120
"""Requests of one deployment at the most. That many would be a mistake."""
_EVERY = 1 if os.environ.get("SOAK") else 10
"""CI tries each tenth request, `make soak` every single one."""


class Killing:
    """Deploys one image to an app after the other, killed before one of its requests.

    Args:
        sandbox: Where to. Nothing else may use it meanwhile.
        folder: For workspace and logs.
        trigger: Inputs for a queue trigger; none for HTTP.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, **trigger: str) -> None:
        self.sandbox, self.folder, self.trigger = sandbox, folder, trigger
        self.whole = self.deployed("whole")

    def inputs(self, name: str) -> dict[str, str]:
        """With names that differ in the app's alone: those that are derived have a hash."""
        bus = {"service_bus_namespace": f"{name}-bus"} if self.trigger else {}
        return {"storage_account": f"{name.replace('-', '')}store", **bus, **self.trigger}

    def app(self, name: str) -> Deployer:
        return Deployer(self.sandbox, self.folder / "workspace", name)

    def run(self, name: str) -> Run:
        run = self.app(name).run(**self.inputs(name))
        assert run.code == 0, run.log
        return run

    def deployed(self, name: str) -> dict[str, Any]:
        self.run(name)
        return live_state(self.sandbox, name)

    def killed(self, name: str, fault: Fault) -> bool:
        """Start a deployment and kill it when the fault strikes; False when it came to its end before."""
        self.sandbox.faults.add(fault)
        started = self.app(name).start(self.folder / "left" / name, **self.inputs(name))
        try:
            while started.process.poll() is None:
                if not self.sandbox.faults.waiting():
                    started.kill()
                    return True
                time.sleep(0.01)
        finally:
            started.kill()
            self.sandbox.faults.clear()
        assert started.process.returncode == 0, started.log
        return False

    def converged(self, name: str) -> dict[str, Any]:
        """Run again; what is live then. The run after that writes nothing."""
        state = self.deployed(name)
        self.sandbox.journal.clear()
        self.run(name)
        assert [] == [(entry.method, entry.path) for entry in self.sandbox.journal.writes()]
        return state


@pytest.fixture
def killing(sandbox: Sandbox, tmp_path: Path) -> Killing:
    """The image is in the registry already."""
    return Killing(sandbox, tmp_path)


@pytest.mark.exhaustive
def test_killed_before_the_app_is_written(killing: Killing) -> None:
    """All that the app needs is there, the app is not."""
    assert killing.killed("stop-app", Fault("PUT", "/sites/stop-app$", drop_connection=True, delay=0.5))
    assert killing.whole == killing.converged("stop-app")


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
def test_killed_before_each_request_in_turn(killing: Killing) -> None:
    """Wherever it stops, the next run comes to the same end as one that never stopped."""
    ended = {}
    for number in itertools.count(0, _EVERY):
        name = f"stop-{number:03}"
        if not killing.killed(name, Fault("*", ".", drop_connection=True, delay=0.5, passes=number)):
            break
        ended[number] = killing.deployed(name)
        assert number < _MOST

    assert len(ended) > 20 // _EVERY
    assert {} == {number: state for number, state in ended.items() if state != killing.whole}


@pytest.mark.exhaustive
def test_killed_while_others_are_made(tmp_path: Path) -> None:
    """What Azure goes on to make is waited for, and used: an account without endpoints, a namespace without queues."""
    with Sandbox(tmp_path / "sandbox", durations=Durations(storage=10, service_bus=10)) as slow:
        killing = Killing(slow, tmp_path, **QUEUES)
        assert killing.killed("stop", Fault("GET", "/namespaces/stop-bus", drop_connection=True, delay=0.5))

        again = killing.run("stop")

        assert killing.whole == live_state(slow, "stop")
    assert "Waiting for the Service Bus namespace `stop-bus`, which Azure is still creating." in again.log
    assert "Waiting for the storage account `stopstore`, which Azure is still creating." in again.log
