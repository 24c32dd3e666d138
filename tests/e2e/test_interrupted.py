"""Deployments that are killed: run again, they come to the same end."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.faults import Fault
from support.deployer import Deployer
from support.live_state import live_state

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from azure_sandbox.sandbox import Sandbox

_MOST = 120
"""Requests of one deployment at the most. That many would be a mistake."""


def store(app: str) -> str:
    """A storage account's name that differs in the app's alone: one that is derived has a hash."""
    return f"{app.replace('-', '')}store"


class Killing:
    """Deploys one image to an app after the other, killed before one of its requests.

    Args:
        sandbox: Where to. Nothing else may use it meanwhile.
        folder: For workspace and logs.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.whole = self.deployed("whole")

    def app(self, name: str) -> Deployer:
        return Deployer(self.sandbox, self.folder / "workspace", name)

    def deployed(self, name: str) -> dict[str, Any]:
        run = self.app(name).run(storage_account=store(name))
        assert run.code == 0, run.log
        return live_state(self.sandbox, name)

    def killed(self, name: str, fault: Fault) -> bool:
        """Start a deployment and kill it when the fault strikes; False when it came to its end before."""
        self.sandbox.faults.add(fault)
        started = self.app(name).start(self.folder / "left" / name, storage_account=store(name))
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
        again = self.app(name).run(storage_account=store(name))
        assert again.code == 0, again.log
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
@pytest.mark.timeout(1500)
def test_killed_before_each_request_in_turn(killing: Killing) -> None:
    """Wherever it stops, the next run comes to the same end as one that never stopped."""
    ended = {}
    for number in itertools.count():
        name = f"stop-{number:03}"
        if not killing.killed(name, Fault("*", ".", drop_connection=True, delay=0.5, passes=number)):
            break
        ended[number] = killing.deployed(name)
        assert number < _MOST

    assert len(ended) > 20
    assert {} == {number: state for number, state in ended.items() if state != killing.whole}
