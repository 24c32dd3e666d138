"""Updates that are cancelled: what ran before is not put back, and the commands that the last words give do it."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.faults import Fault
from support.az import new_az
from support.cancelling import GONE, Cancelled, cancel, held, wait
from support.console import command, console_environ
from support.deployer import Deployer
from support.live_sites import site_of
from support.project import write_echo_project

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

RAISES = "def init():\n    raise ValueError('the weights are torn')\n\n\ndef run(data):\n    return data\n"


class Update:
    """An app that is live, and a new version on its way to it.

    Args:
        sandbox: Where to. Nothing else may use it meanwhile.
        folder: For workspace and logs.
        app: The app's name.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, app: str) -> None:
        self.sandbox, self.folder, self.deployer = sandbox, folder, Deployer(sandbox, folder / "workspace", app)
        run = self.deployer.run()
        assert run.code == 0, run.log
        self.old = self.runs

    @property
    def runs(self) -> str:
        """The image of the app, as Resource Manager has it."""
        return str(site_of(self.sandbox, self.deployer.group, self.deployer.app).config["linuxFxVersion"])

    def cancelled(self, fault: Fault, *, answered: bool = True, **inputs: str) -> Cancelled:
        """Cancel the update while the fault keeps a request of it back."""
        left = self.folder / "left"
        started = held(self.sandbox, fault, lambda: self.deployer.start(left, **inputs))
        found = cancel(self.sandbox, started, answered=answered, number=signal.SIGTERM)
        assert found is not None
        assert (130, True, []) == (found.run.code, found.seconds < GONE, found.begun_after), found.run.log
        assert "Traceback" not in found.run.log
        return found

    def taken_back(self, words: str) -> str:
        """What the app runs once the command of `az` was done that the words give."""
        *_, given = re.findall(r"`az ([^`]+)`", words)
        az = new_az(self.folder / "az", self.sandbox.endpoints)
        az.sign_in(self.sandbox.endpoints, "-p", self.sandbox.endpoints.client_secret)
        az.json(*shlex.split(given))
        return self.runs


def test_a_swap_is_not_taken_back(sandbox: Sandbox, tmp_path: Path) -> None:
    """It was sent, and Azure ends it: the words say that it may be so, and how to swap back."""
    update = Update(sandbox, tmp_path, "halt-swap")
    write_echo_project(update.deployer.folder, weights="second")

    found = update.cancelled(Fault("POST", "/slotsswap$", hold=True), slot_name="staging", swap="true")

    assert "Started, but not known to have finished: the swap of halt-swap/staging with halt-swap." in found.words
    assert "; the other is then in the slot `staging`." in found.words
    assert wait(lambda: update.runs != update.old)
    assert update.old == update.taken_back(found.words)


def test_what_ran_before_is_not_put_back(sandbox: Sandbox, tmp_path: Path) -> None:
    """Not even where that was about to begin: the first write of it is the last one."""
    update = Update(sandbox, tmp_path, "halt-undo")
    write_echo_project(update.deployer.folder, script=RAISES)

    found = update.cancelled(Fault("PATCH", "/config/web$", hold=True, passes=1), answered=False, verify_timeout="60")

    assert "Started, but not known to have finished: what the function app `halt-undo` ran before." in found.words
    assert "was being restored: it may run either." in found.words
    assert update.old == update.taken_back(found.words)


def test_what_was_made_is_removed_by_the_command(sandbox: Sandbox, tmp_path: Path) -> None:
    """Of a first deployment, with an account and a plan of other names than those that follow from the app's."""
    deployer, names = Deployer(sandbox, tmp_path / "workspace", "halt-gone"), {"plan_name": "halt-other"}
    fault = Fault("PUT", "/sites/halt-gone$", hold=True)
    started = held(sandbox, fault, lambda: deployer.start(tmp_path / "left", **names))
    found = cancel(sandbox, started, answered=False)
    assert found is not None
    (given,) = re.findall(r"`functions-model (destroy [^`]+)`", found.words)

    removal = subprocess.run(
        command(*shlex.split(given)),
        env={**console_environ(), **sandbox.endpoints.environ()},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert removal.returncode == 0, removal.stdout + removal.stderr
    assert "Removed the function app `halt-gone`" in removal.stdout
    assert "Removed the plan `halt-other`" in removal.stdout
