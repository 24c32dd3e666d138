"""Two deployments of the same app at once: one wins, the other says so, and the app is one of the two, whole."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.faults import Fault
from support.deployer import Deployer
from support.live_sites import scored, site_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run, Started

APP = "at-once"
IMAGE = "PATCH", f"/sites/{APP}/config/web"


class Rivals:
    """Two workspaces, one app.

    Args:
        sandbox: Where to.
        folder: For both.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.first, self.second = (Deployer(sandbox, folder / name, APP) for name in ("first", "second"))
        for name in ("first", "second"):
            self._model(name, "before")
        assert self.first.run(app_settings="OWNER=before").code == 0
        for name in ("first", "second"):
            self._model(name, name)

    def _model(self, name: str, text: str) -> None:
        (self.folder / name / "model" / "weights.txt").write_text(text)

    def start(self, name: str) -> Started:
        deployer: Deployer = getattr(self, name)
        return deployer.start(self.folder / f"{name}-left", app_settings=f"OWNER={name}")

    def live(self) -> tuple[str, str]:
        """Whose model and whose settings the app has."""
        model = scored(self.sandbox, self.first.group, APP, 1)["model"]
        return model, site_of(self.sandbox, self.first.group, APP).settings["OWNER"]


@pytest.fixture
def rivals(sandbox: Sandbox, tmp_path: Path) -> Rivals:
    return Rivals(sandbox, tmp_path)


def wait_for(condition: Callable[[], object], started: Started) -> None:
    """Until it holds, or the run is over."""
    while not condition():
        assert started.process.poll() is None, started.log
        time.sleep(0.01)


def ended(*started: Started) -> list[Run]:
    return [one.run() for one in started]


@pytest.mark.exhaustive
def test_the_last_image_wins_and_has_its_settings(rivals: Rivals) -> None:
    """The second run's version is there and being verified when the first's lands on it."""
    faults, journal = rivals.sandbox.faults, rivals.sandbox.journal
    faults.add(Fault(*IMAGE, hold=True))
    first = rivals.start("first")
    wait_for(lambda: faults.held, first)
    journal.clear()
    second = rivals.start("second")
    wait_for(lambda: any(entry.path.partition("?")[0].endswith(IMAGE[1]) for entry in journal.writes()), second)
    faults.release()
    winner, loser = ended(first, second)

    assert (0, 9) == (winner.code, loser.code), winner.log + loser.log
    assert ("first", "first") == rivals.live()
    assert "somebody else has deployed to it in the meantime" in loser.errors[0]
    assert "Nothing was rolled back: their version stays. Let one deployment at a time go to an app" in loser.errors[0]
    assert ("overtaken", True) == (loser.outputs["state"], "was overtaken" in loser.summary)
    assert "app-url" not in loser.outputs
