"""What a run makes beside its image."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, cast

import pytest

from functions_model.core.failures import ApplyIncomplete, PreflightFailed, Problem, RegistryFailed
from functions_model.pipeline.deployment import BesideImage
from functions_model.pipeline.events import AheadBegun, ResourceWritten
from functions_model.pipeline.session import World
from support.ci import RecordingCi
from support.fake_arm import FakeArm, arm_error
from support.provisioning import planned

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.pipeline.events import Event as Told
    from functions_model.pipeline.session import Subscription
    from functions_model.provision import ResourcePlan
    from functions_model.registry import Push
    from support.fake_arm import Answer, Asked

REFUSED = arm_error(403, "RequestDisallowedByPolicy", "Resource 'irisstorage' was disallowed by policy.")


@dataclass
class OpenPush:
    """A push that can be ended."""

    ended: Event = field(default_factory=Event)

    def close(self) -> None:
        self.ended.set()


@dataclass
class Run:
    """One run that has looked at the resources.

    Attributes:
        arm: Where they are.
        told: Its events.
    """

    arm: FakeArm = field(default_factory=FakeArm)
    push: OpenPush = field(default_factory=OpenPush)
    told: list[Told] = field(default_factory=list)
    ci: RecordingCi = field(default_factory=RecordingCi)

    def ahead(self, plan: ResourcePlan) -> BesideImage:
        world = World(self.ci, Path(), self.told.append)
        subscription = cast("Subscription", _Subscription(self.arm))
        return BesideImage(plan, subscription, cast("Push", self.push), world)

    def find(self, plan: ResourcePlan, what: str, after: Event | None = None) -> None:
        """Begin, and have the checks find something, after something else if need be."""
        with self.ahead(plan) as ahead:
            ahead.begin()
            assert after is None or after.wait(10)
            raise PreflightFailed("pass preflight", [Problem(what, "Mend it.")])

    def fail(self, plan: ResourcePlan, what: str) -> None:
        """Begin, and have the push fail when it is ended, or a second later."""
        with self.ahead(plan) as ahead:
            ahead.begin()
            self.push.ended.wait(1)
            raise RegistryFailed("push the image", what, "Run again.")


class Waiting(FakeArm):
    """Answers the order of a storage account when something is so; not for ever."""

    def __init__(self, so: Callable[[], bool]) -> None:
        super().__init__()
        self._so = so
        self.begun = Event()

    def answer(self, asked: Asked) -> Answer:
        if asked.method == "PUT" and asked.path.endswith("irisstorage"):
            self.begun.set()
            end = time.monotonic() + 10
            while not self._so() and time.monotonic() < end:
                time.sleep(0.01)
            assert self._so()
        return super().answer(asked)


class _Subscription:
    def __init__(self, arm: FakeArm) -> None:
        self.clients = arm.clients()


@pytest.fixture
def run() -> Run:
    return Run()


class TestBesideTheImage:
    def test_nothing_is_made_before_it_begins(self, run: Run) -> None:
        """Dependencies that cannot be resolved leave nothing behind."""
        with pytest.raises(RegistryFailed), run.ahead(planned(run.arm)):
            raise RegistryFailed("x", "y", "z")

        assert ([], []) == (run.arm.writes, run.told)

    def test_it_is_told_and_made(self, run: Run) -> None:
        """How many there are; then each."""
        plan = planned(run.arm)
        with run.ahead(plan) as ahead:
            ahead.begin()
            ahead.let_go()

        assert ahead.begun is not None
        begun = ahead.begun.finish()
        assert AheadBegun(plan.ahead) == run.told[0]
        assert [ResourceWritten(written) for written in begun] == run.told[1:]
        assert len(plan.ahead) == len(begun)

    def test_what_costs_waits_until_the_project_was_looked_at(self, run: Run) -> None:
        """Group, identity and storage are made meanwhile; a plan is not."""
        plan = planned(run.arm)
        with run.ahead(plan) as ahead:
            ahead.begin()
            assert ahead.begun is not None
            storage = next(change.key for change in plan.ahead if change.kind == "storage account")
            ahead.begun.graph.futures[storage].result()
            before = list(run.arm.writes)
            ahead.let_go()

        assert [False, True] == ["PUT iris-plan" in writes for writes in (before, run.arm.writes)]

    def test_a_finding_ends_it_before_what_costs(self, run: Run) -> None:
        """The finding is told, with what was made."""
        plan = planned(run.arm)
        with pytest.raises(PreflightFailed, match="no module") as caught:
            run.find(plan, "there is no module `cv2`")

        assert "PUT iris-plan" not in run.arm.writes
        assert "not reached: the plan `iris-plan`" in caught.value.detail

    def test_a_finding_is_told_before_what_was_begun_is_made(self) -> None:
        """Azure takes a while for a storage account; who reads the log need not."""
        ci = RecordingCi()
        arm = Waiting(lambda: any("no module" in line for line in ci.lines))
        run = Run(arm=arm, ci=ci)
        with pytest.raises(PreflightFailed, match="no module"):
            run.find(planned(arm), "there is no module `cv2`", arm.begun)

        assert "PUT irisstorage" in arm.writes
        told = next(line for line in ci.lines if "no module" in line)
        assert told.startswith(
            "Could not pass preflight: there is no module `cv2`. Mend it.\nThe run ends when what was"
        )
        assert "the storage account `irisstorage`" in told

    def test_an_image_that_fails_waits_for_what_was_begun(self, run: Run) -> None:
        """No write is left in mid-air, and the failure of the image is the one that is told."""
        with pytest.raises(RegistryFailed, match="it broke off"):
            run.fail(planned(run.arm), "it broke off")

        assert "PUT irisstorage" in run.arm.writes
        assert "PUT iris" not in run.arm.writes

    def test_a_resource_that_fails_ends_the_push(self, run: Run) -> None:
        """What the push then says is an effect: the resource's failure is told."""
        plan = planned(run.arm)
        run.arm.fail("PUT", "irisstorage$", REFUSED)
        with pytest.raises(ApplyIncomplete, match="disallowed by policy"):
            run.fail(plan, "the push was stopped")

        assert run.push.ended.is_set()
