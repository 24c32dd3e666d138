"""The ways to be dead, with HTTP and without: exit code 8, the cause by name, and no harm."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.faults import Fault
from support.dying import INIT_RAISES, TRIGGERS, Mortal, mortal, with_init

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

NOTHING_SCORED = "`init()` has run in the app; nothing was scored, as there is no `sample-request`"


TRIED = TRIGGERS if os.environ.get("SOAK") else [name for name in TRIGGERS if name != "blob"]
"""Without HTTP an app is asked in the same way whatever triggers it: blobs are for `make soak`."""


@pytest.fixture(scope="module", params=TRIED)
def app(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Mortal:
    """An app that lives, deployed without a sample."""
    made = mortal(sandbox, tmp_path_factory.mktemp("dead"), request.param, "dead")
    run = made.run()
    assert run.code == 0, run.log
    return made


class TestInitRaises:
    """A script whose `init()` raises, found by the sample."""

    def test_is_found(self, app: Mortal) -> None:
        """In the app itself."""
        run = app.run_with(with_init(INIT_RAISES), sample=True)

        assert (run.code, app.model()) == (8, "first"), run.log
        assert "`init()` of the entry script failed: ValueError: the weights are torn (src/score.py:" in run.errors[0]
        assert "file=src/score.py,line=" in run.errors[0]

    def test_is_found_in_a_slot(self, app: Mortal) -> None:
        """And not swapped."""
        run = app.run_with(with_init(INIT_RAISES), sample=True, slot_name="staging", swap="true")

        assert (run.code, app.model()) == (8, "first"), run.log
        assert "::group::Swap" not in run.log


class TestInitRaisesWithoutASample:
    """The same without a sample."""

    def test_is_found_without_a_sample(self, app: Mortal) -> None:
        """What ran before is put back, and answers."""
        run = app.run_with(with_init(INIT_RAISES))

        assert (run.code, app.model()) == (8, "first"), run.log
        assert "`init()` of the entry script failed" in run.errors[0]

    def test_never_takes_the_apps_place(self, app: Mortal) -> None:
        """Found in the slot, and not swapped."""
        run = app.run_with(with_init(INIT_RAISES), slot_name="staging", swap="true")

        assert (run.code, app.model()) == (8, "first"), run.log
        assert "`init()` of the entry script failed" in run.errors[0]
        assert "::group::Swap" not in run.log


class TestHostInError:
    """A host that cannot start: by a setting that goes before what host.json says, and is none.

    Without a sample in the app, with one in a slot: no run comes so far that it would make a difference.
    """

    NONE = "AzureFunctionsJobHost__functionTimeout=soon"

    def test_says_why(self, app: Mortal) -> None:
        """Its own words, and what ran before is put back."""
        run = app.run(app_settings=self.NONE, verify_timeout="20")

        assert (run.code, app.model()) == (8, "first"), run.log
        assert "the Functions host is in the state Error" in run.errors[0]
        assert "functionTimeout" in run.errors[0]

    def test_is_found_in_a_slot(self, app: Mortal) -> None:
        """And not swapped. In a slot of its own, as a setting stays there until another run gives it another value."""
        where = {"slot_name": "torn", "swap": "true", "verify_timeout": "20"}
        run = app.run(sample=True, app_settings=self.NONE, **where)

        assert (run.code, app.model()) == (8, "first"), run.log
        assert "the Functions host is in the state Error" in run.errors[0]
        assert "::group::Swap" not in run.log


@pytest.fixture
def out_of_reach(app: Mortal, sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """Inputs with an image of which the registry gives the app nothing."""
    denied = {"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]}
    image = f"out-of-reach-{app.trigger}"
    path = rf"/v2/{image}/(manifests|blobs)/"
    fault = Fault(method="GET", path_pattern=path, status=403, body=denied, times=None, service="registry")
    sandbox.faults.add(fault)
    yield {"image_name": image, "verify_timeout": "5"}
    sandbox.faults.clear()


class TestTheImageCannotBePulled:
    """A registry that takes the image, and does not give it to the app: as above, with a sample only in a slot."""

    CAUSE = "the identity may not pull the image"

    def test_says_why(self, app: Mortal, out_of_reach: dict[str, Any]) -> None:
        """What ran before is put back."""
        run = app.run(**out_of_reach)

        assert (run.code, app.model()) == (8, "first"), run.log
        assert self.CAUSE in run.errors[0]

    def test_is_found_in_a_slot(self, app: Mortal, out_of_reach: dict[str, Any]) -> None:
        """And not swapped."""
        run = app.run(sample=True, slot_name="staging", swap="true", **out_of_reach)

        assert (run.code, app.model()) == (8, "first"), run.log
        assert self.CAUSE in run.errors[0]
        assert "::group::Swap" not in run.log


class TestTheContainerLog:
    """Kept only where container logging is on."""

    def test_of_an_app_that_we_made_has_the_traceback(self, app: Mortal) -> None:
        """It is on from the start, in a slot, too."""
        run = app.run_with(with_init(INIT_RAISES), slot_name="staging")

        assert run.code == 8, run.log
        assert "the weights are torn" in run.log

    def test_of_another_app_is_offered(self, app: Mortal) -> None:
        """The plan says that it is off, once, and a failure has the command; neither turns it on."""
        with app.mute():
            planned = app.run(mode="plan")
            run = app.run_with(with_init(INIT_RAISES))
            still_off = not app.logs()

        command = f"az webapp log config --name {app.deployer.app} --resource-group {app.deployer.group}"
        assert (planned.code, run.code, still_off) == (0, 8, True), run.log
        assert 1 == planned.log.count("The container log of the function app")
        assert [command in text for text in (planned.log, planned.summary, run.errors[0])] == [True] * 3
        assert "`init()` of the entry script failed" in run.errors[0]


def test_a_run_without_a_sample_says_that_nothing_was_scored(app: Mortal) -> None:
    """In the log, in the summary and beside it."""
    run = app.run()

    assert run.code == 0, run.log
    assert f"::notice::{NOTHING_SCORED}" in run.log
    assert NOTHING_SCORED in run.summary


@pytest.fixture(scope="class")
def private(app: Mortal) -> Iterator[Mortal]:
    """Nobody from outside its network gets in, to the app and to its slot."""
    assert app.run(slot_name="staging").code == 0
    app.close(shut=True)
    yield app
    app.close(shut=False)


class TestAPrivateApp:
    """One whose `init()` nobody can see from here: it is not called live, nor dead."""

    def test_is_unproven(self, private: Mortal) -> None:
        """A warning says so, and the outputs."""
        run = private.run()

        assert run.code == 0, run.log
        assert "::warning::" in run.log
        assert (run.outputs["state"], "is unproven" in run.summary) == ("unproven", True)
        assert "is live (" not in run.summary

    def test_takes_nobodys_place(self, private: Mortal) -> None:
        """A swap needs `init()`."""
        before = private.running()

        run = private.run_with(with_init(INIT_RAISES), slot_name="staging", swap="true")

        assert (run.code, private.running()) == (8, before), run.log
        assert "Could not swap" in run.errors[0]


@pytest.fixture
def isolated(app: Mortal) -> Iterator[Mortal]:
    """Its host keeps `/admin` to Azure."""
    app.isolate(shut=True)
    yield app
    app.isolate(shut=False)


def test_an_isolated_app_is_live(isolated: Mortal) -> None:
    """All is looked at, the rest through Azure."""
    run = isolated.run(verify_timeout="30")

    assert run.code == 0, run.log
    assert "live" == run.outputs["state"]
