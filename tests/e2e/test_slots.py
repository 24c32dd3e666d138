"""Deployment slots, end to end: a new version is verified beside the app, and takes its place."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
import requests

from functions_model.ci.terminal import brief_digests
from support.deployer import Deployer
from support.deployment import start_action
from support.golden import matches_golden, normal
from support.live_sites import scored, site_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

# The everyday run has one swap, in test_story.py; plans and settings are shown in tests/contract.
pytestmark = pytest.mark.exhaustive

GOLDEN = Path(__file__).parent / "golden"
RAISES_IN_PRODUCTION = """\
    if os.environ.get("TORN"):
        raise ValueError("the weights are torn")
    global model
"""


@pytest.fixture(scope="module")
def deployer(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployer:
    """One app for the tests of this module, which go on from one another."""
    return Deployer(sandbox, tmp_path_factory.mktemp("slots"), "echo-slots")


@pytest.fixture(scope="module")
def first(deployer: Deployer) -> Run:
    """The app, made by a run that would have swapped, had there been something to swap with."""
    run = deployer.run(slot_name="staging", swap="true")
    assert run.code == 0, run.log
    return run


class Caller:
    """Somebody who calls the app all the while.

    Args:
        url: What is called.
        ca: Trusted.
    """

    def __init__(self, url: str, ca: str) -> None:
        self.statuses: list[int] = []
        self._url, self._ca = url, ca
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._call, daemon=True)

    def _call(self) -> None:
        while not self._stop.wait(0.2):
            self.statuses.append(requests.get(self._url, verify=self._ca, timeout=30).status_code)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture
def caller(first: Run, sandbox: Sandbox) -> Iterator[Caller]:
    with Caller(f"{first.outputs['app-url']}/api/identity", str(sandbox.endpoints.ca_bundle)) as one:
        yield one


class TestSwap:
    """A slot that takes the app's place."""

    def test_the_first_run_makes_the_app_alone(self, first: Run, deployer: Deployer, sandbox: Sandbox) -> None:
        """There was nothing to swap with."""
        assert "### Swap" not in first.log
        assert "swap" not in first.outputs["plan"]
        assert scored(sandbox, deployer.group, deployer.app, 1)["model"] == "first"

    def test_a_new_version_is_verified_twice_and_nobody_waits(
        self, first: Run, deployer: Deployer, sandbox: Sandbox, caller: Caller
    ) -> None:
        """In the slot, and in the app after the swap; the slot has the old one, and each call was answered."""
        (deployer.folder / "model" / "weights.txt").write_text("second")

        run = deployer.run(slot_name="staging", swap="true")

        where = (sandbox, deployer.group, deployer.app)
        assert run.code == 0, run.log
        assert [line for line in run.log.splitlines() if line.startswith("::group::")][-4:] == [
            "::group::Finish the push and provision",
            "::group::Verify the slot `staging`",
            "::group::Swap",
            "::group::Verify the app",
        ]
        assert (scored(*where, 1)["model"], scored(*where, 1, "staging")["model"]) == ("second", "first")
        assert run.outputs["app-url"] == first.outputs["app-url"]
        assert set(caller.statuses) == {200}

    def test_in_two_steps_is_a_change_each_time(self, first: Run, deployer: Deployer, sandbox: Sandbox) -> None:
        """The slot gets the new version, for somebody to look at; a second run has nothing to do but to swap."""
        (deployer.folder / "model" / "weights.txt").write_text("third")

        runs = [deployer.run(slot_name="staging", swap=swap) for swap in ("false", "true")]

        assert [0, 0] == [run.code for run in runs], "\n".join(run.log for run in runs)
        assert ["true", "true"] == [run.outputs["changed"] for run in runs]
        assert scored(sandbox, deployer.group, deployer.app, 1)["model"] == "third"

    def test_again_changes_nothing(self, deployer: Deployer, sandbox: Sandbox) -> None:
        """The app has this version."""
        sandbox.journal.clear()

        run = deployer.run(slot_name="staging", swap="true")

        assert (run.code, run.outputs["changed"]) == (0, "false"), run.log
        assert sandbox.journal.writes() == []


class TestWhatFails:
    """A new version that is not live, in the slot or in the app."""

    def test_in_the_slot_leaves_the_app_alone(self, first: Run, deployer: Deployer, sandbox: Sandbox) -> None:
        """Nothing is swapped, and the failure says what the app runs."""
        script, where = deployer.folder / "src" / "score.py", (sandbox, deployer.group, deployer.app)
        works, before = script.read_text(), scored(sandbox, deployer.group, deployer.app, 1)
        script.write_text(works.replace("    global model\n", "    raise ValueError('torn')\n"))

        run = deployer.run(slot_name="staging", swap="true")

        script.write_text(works)
        assert run.code == 8, run.log
        assert matches_golden(GOLDEN / "slot-is-not-live.txt", normal("\n".join(run.errors), {})), run.log
        assert scored(*where, 1) == before

    def test_in_the_app_is_swapped_back(self, first: Run, deployer: Deployer, sandbox: Sandbox) -> None:
        """A setting of the app alone breaks the new version: what ran before runs again."""
        script, where = deployer.folder / "src" / "score.py", (sandbox, deployer.group, deployer.app)
        works, before = script.read_text(), scored(*where, 1)
        site = site_of(*where)
        site.settings = {**site.settings, "TORN": "yes"}
        site.sticky = {**site.sticky, "appSettingNames": [*(site.sticky["appSettingNames"] or ()), "TORN"]}
        script.write_text(works.replace("    global model\n", RAISES_IN_PRODUCTION))

        run = deployer.run(slot_name="staging", swap="true")

        script.write_text(works)
        assert run.code == 8, run.log
        assert matches_golden(GOLDEN / "swapped-back.txt", normal("\n".join(run.errors), {})), run.log
        assert scored(*where, 1) == before

    def test_a_job_that_is_cancelled_says_what_is_live(
        self, first: Run, deployer: Deployer, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        """The last words of a run without a slot that is stopped while it verifies; the next run goes on from there."""
        weights, where = deployer.folder / "model" / "weights.txt", (sandbox, deployer.group, deployer.app)
        previous = site_of(*where).config["linuxFxVersion"].removeprefix("DOCKER|")
        weights.write_text("stopped")
        names = {"app-name": deployer.app, "resource-group": deployer.group}
        inputs = {**sandbox.endpoints.inputs(), **deployer.inputs, **names}

        started = start_action(deployer.folder, inputs, deployer.environ, tmp_path)
        while started.process.poll() is None and "::group::Verify" not in started.log:
            time.sleep(0.05)
        started.process.terminate()
        run = started.run()

        now = site_of(*where).config["linuxFxVersion"].removeprefix("DOCKER|")
        words = f"runs `{now}`, which is not verified. Before this run it ran `{previous}`."
        assert run.code == 130, run.log
        assert [words in run.errors[0], brief_digests(words) in run.summary] == [True, True]
        assert now == run.outputs["image"] != previous

    def test_without_swap_the_slot_has_a_url_of_its_own(self, first: Run, deployer: Deployer, sandbox: Sandbox) -> None:
        """The outputs are the slot's."""
        run = deployer.run(slot_name="beside")

        assert run.code == 0, run.log
        assert run.outputs["app-url"] == f"https://{site_of(sandbox, deployer.group, deployer.app, 'beside').host_name}"
        assert run.outputs["app-url"] != first.outputs["app-url"]
        assert "--slot beside" in run.summary


class TestRemoval:
    """`mode: destroy` with `slot-name`."""

    def test_takes_the_slot_and_leaves_production(self, first: Run, deployer: Deployer, sandbox: Sandbox) -> None:
        """A preview is closed with the inputs that made it, and the app goes on scoring."""
        before = scored(sandbox, deployer.group, deployer.app, 1)
        made = deployer.run(slot_name="beside")
        sandbox.journal.clear()

        run = deployer.run(slot_name="beside", mode="destroy")

        deleted = [entry.path.partition("?")[0] for entry in sandbox.journal.writes() if entry.method == "DELETE"]
        assert (made.code, run.code) == (0, 0), made.log + run.log
        [slot, tag] = dict.fromkeys(deleted)  # a registry asks for a token first
        assert slot.rpartition("/sites/")[2] == f"{deployer.app}/slots/beside"
        assert tag.rpartition("/")[2].startswith("live-")
        assert scored(sandbox, deployer.group, deployer.app, 1) == before
