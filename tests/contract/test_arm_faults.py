"""Each error that people meet on Azure, as a fault of the sandbox, with the words of the run that meets it."""

from __future__ import annotations

import re
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import Failure
from functions_model.core.spec import ImageTarget
from functions_model.provision import RunContext, apply, find_registry
from support.arm_faults import PASSING, REFUSED, Meeting
from support.golden import matches_golden, normal
from support.sandbox_login import Azure, logged_in
from support.wanted import BLOB, HTTP, QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.provision import ResourcePlan

GOLDEN = Path(__file__).parent / "golden" / "arm"
TYPICAL = {"quota-as-401", "policy", "no-right-to-assign-roles", "conflict-that-stays", "busy-app", "expired-token"}
"""Those of the everyday run; the exhaustive run meets them all."""


def cases(meetings: tuple[Meeting, ...]) -> list[Any]:
    return [
        pytest.param(one, id=one.name, marks=[] if one.name in TYPICAL else [pytest.mark.exhaustive])
        for one in meetings
    ]


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with logged_in(tmp_path_factory.mktemp("azure")) as one:
        yield one


class Deployment:
    """A first deployment into a group of its own, up to the function app."""

    def __init__(self, azure: Azure, meeting: Meeting) -> None:
        self.azure = azure
        self.meeting = meeting
        self.lines: list[str] = []
        self.slept: list[float] = []
        short = re.sub(r"[^a-z]", "", meeting.name)[:18]
        self.names: dict[str, Any] = {
            "resource_group": f"{meeting.name}-rg",
            "app_name": meeting.name,
            "storage_account": f"{short}host",
            "trigger": meeting.trigger,
        }
        if meeting.trigger is BLOB:
            self.names["data_storage_account"] = f"{short}data"
        if meeting.trigger is QUEUE:
            self.names["service_bus_namespace"] = f"{meeting.name[:40]}-bus"

    def plan(self) -> ResourcePlan:
        return self.azure.plan(**self.names)

    def run(self) -> Failure | None:
        """What it failed with."""
        faults = self.azure.sandbox.faults
        for fault in (self.meeting.fault, *self.meeting.also):
            faults.add(fault)
        self.azure.sandbox.journal.clear()
        try:
            find_registry(self.azure.clients, ImageTarget(self.azure.sandbox.endpoints.registry, "package"))
            self._apply(self.plan())
        except Failure as failure:
            return failure
        finally:
            faults.clear()
        return None

    def _apply(self, resource_plan: ResourcePlan) -> None:
        image: Future[object] = Future()
        image.set_result(None)
        context = RunContext(report=self.lines.append, sleep=self.slept.append)
        apply(resource_plan, self.azure.clients, context, ready={"image": image})

    def requests(self) -> int:
        """How many requests met the fault, or could have."""
        fault = self.meeting.fault
        entries = self.azure.sandbox.journal.entries("arm")
        return sum(fault.hits("arm", entry.method, entry.path.partition("?")[0]) for entry in entries)

    def told(self) -> list[str]:
        """What the log says of waiting."""
        return [line for line in self.lines if line.startswith(("Waiting", "Registering"))]

    def normal(self, text: str) -> str:
        return normal(text, {self.azure.sandbox.subscription_id: "<subscription>"})


class TestAnErrorThatEndsTheRun:
    @pytest.mark.parametrize("meeting", cases(REFUSED))
    def test_has_its_exit_code_and_its_words(self, azure: Azure, meeting: Meeting) -> None:
        """What failed, what Azure said and what to do are in one message, word for word that of the golden file."""
        deployment = Deployment(azure, meeting)

        failure = deployment.run()

        assert failure is not None
        assert meeting.code == failure.exit_code
        assert meeting.waits == len(deployment.slept)
        assert meeting.requests in {None, deployment.requests()}
        lines = [*deployment.told(), *(str(problem) for problem in failure.problems)]
        assert matches_golden(GOLDEN / f"{meeting.name}.txt", deployment.normal("\n".join(lines)))

    def test_is_no_failure_of_the_login(self, azure: Azure) -> None:
        """A quota comes as 401, and is told as one."""
        failure = Deployment(azure, next(one for one in REFUSED if one.name == "quota-as-401")).run()

        assert "log in" not in str(failure)


class TestAnErrorThatPasses:
    @pytest.mark.parametrize("meeting", cases(PASSING))
    def test_is_waited_out_or_seen_through(self, azure: Azure, meeting: Meeting) -> None:
        """The deployment ends well after as many waits as it takes, each reason told once; nothing is left to do."""
        deployment = Deployment(azure, meeting)

        failure = deployment.run()

        assert failure is None
        assert meeting.waits == len(deployment.slept)
        assert meeting.requests in {None, deployment.requests()}
        if told := deployment.told():
            assert matches_golden(GOLDEN / f"{meeting.name}.txt", deployment.normal("\n".join(told)))
        assert meeting.name == "role-assignment-exists" or not deployment.plan().has_changes


def test_the_table_has_each_name_once() -> None:
    """Each error has a golden file of its own."""
    names = [meeting.name for meeting in (*REFUSED, *PASSING)]

    assert sorted(set(names)) == sorted(names)
    assert {HTTP, BLOB, QUEUE} == {meeting.trigger for meeting in (*REFUSED, *PASSING)}
