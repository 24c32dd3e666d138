"""Deployments that are cancelled, as a CI host or Ctrl-C does it: nothing is begun then, and the words are true."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.faults import Fault
from support.cancelling import GONE, Cancelled, cancel, held
from support.deployer import Deployer
from support.live_state import live_state

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MOST = 150
"""Requests of one deployment at the most. That many would be a mistake."""


class Cancelling:
    """First deployments of one model, each to an app of its own, cancelled while a request is kept back.

    Args:
        sandbox: Where to. Nothing else may use it meanwhile.
        folder: For workspace and logs.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder

    def app(self, name: str) -> Deployer:
        return Deployer(self.sandbox, self.folder / "workspace", name)

    def cancelled(
        self, name: str, fault: Fault, *, answered: bool = True, number: int = signal.SIGINT
    ) -> Cancelled | None:
        """Cancel a deployment while the fault keeps a request back; None when it ended before."""
        given = self.inputs(name)
        started = held(self.sandbox, fault, lambda: self.app(name).start(self.folder / "left" / name, **given))
        return cancel(self.sandbox, started, answered=answered, number=number)

    def deployed(self, name: str) -> dict[str, Any]:
        """Run to the end; what is live then."""
        run = self.app(name).run(**self.inputs(name))
        assert run.code == 0, run.log
        # An image's digest goes with its name.
        alike: dict[str, Any] = json.loads(_DIGEST.sub("DIGEST", json.dumps(live_state(self.sandbox, name))))
        return alike

    def inputs(self, name: str) -> dict[str, str]:
        """Names that differ in the app's alone. Each image is new in its repository."""
        return {"storage_account": f"{name.replace('-', '')}store", "image_name": f"{name}-image"}


@pytest.fixture
def cancelling(sandbox: Sandbox, tmp_path: Path) -> Cancelling:
    """The sandbox that all share: each app is new."""
    return Cancelling(sandbox, tmp_path)


def faults_of(cancelled: Cancelled) -> list[str]:
    """What is wrong with the end of a run."""
    checks = {
        f"exit code {cancelled.run.code}": cancelled.run.code == 130,
        f"gone after {cancelled.seconds:.1f} s": cancelled.seconds < GONE,
        f"begun after the signal: {cancelled.begun_after}": not cancelled.begun_after,
        "a traceback": "Traceback" not in cancelled.run.log,
        "several last words": len(cancelled.run.errors) == 1,
    }
    wrong = [what for what, well in checks.items() if not well]
    if len(cancelled.run.errors) == 1 and cancelled.said != cancelled.seen:
        wrong.append(f"said {cancelled.said}, seen {cancelled.seen}: {cancelled.words}")
    return wrong


_EVERY = 1 if os.environ.get("SOAK") else 10
"""CI tries each tenth request, `make soak` every single one: that takes half an hour and more."""


@pytest.mark.timeout(3600)
def test_cancelled_at_each_request_in_turn(cancelling: Cancelling) -> None:
    """Whatever was sent last, it is the last; what is said is what was seen; and the next run comes to the same end."""
    whole = cancelling.deployed("halt-whole")
    wrong: dict[int, list[str]] = {}
    ended: dict[int, dict[str, Any]] = {}
    for number in itertools.count(0, _EVERY):
        name = f"halt-{number:03}"
        cancelled = cancelling.cancelled(name, Fault("*", ".", hold=True, passes=number))
        if cancelled is None:
            break
        if faults := faults_of(cancelled):
            wrong[number] = faults
        if cancelled.writes:
            ended[number] = cancelling.deployed(name)
        assert number < _MOST

    assert {} == wrong
    assert len(ended) >= 20 // _EVERY
    assert {} == {number: state for number, state in ended.items() if state != whole}


@pytest.mark.parametrize(
    ("name", "fault", "number"),
    [
        ("hang-plan", Fault("PUT", "/serverfarms/", hold=True), signal.SIGINT),
        ("hang-app", Fault("PUT", "/sites/hang-app$", hold=True), signal.SIGTERM),
        ("hang-role", Fault("PUT", "/roleAssignments/", hold=True, times=None), signal.SIGHUP),
        ("hang-group", Fault("*", "/resourcegroups", hold=True), signal.SIGINT),
        ("hang-tag", Fault("PUT", "/manifests/", hold=True, service="registry"), signal.SIGINT),
    ],
)
def test_what_hangs_is_left(cancelling: Cancelling, name: str, fault: Fault, number: int) -> None:
    """Without any answer the run is gone in time all the same; what was done behind its back is named, and used."""
    cancelled = cancelling.cancelled(name, fault, answered=False, number=number)

    assert cancelled is not None
    assert [] == faults_of(cancelled)
    assert cancelling.deployed(name)
