"""Settings and image of one app, when two deployments write them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import ApplyIncomplete, Overtaken
from functions_model.core.secrets import Secret
from functions_model.hosting.app_service.settling import settle
from functions_model.provision import Applied, ResourcePlan, RunContext
from support.fake_arm import Answer, FakeArm, arm_error
from support.provisioning import applied, planned

if TYPE_CHECKING:
    from collections.abc import Callable


def updated(arm: FakeArm, **changes: Any) -> tuple[ResourcePlan, Applied]:
    """A second run over a first one."""
    applied(arm, planned(arm, app_settings={"GREETING": Secret("good morning")}))
    plan = planned(arm, digit="b", **changes)
    outcome = applied(arm, plan)
    arm.asked.clear()
    return plan, outcome


def settled(arm: FakeArm, plan: ResourcePlan, outcome: Applied) -> tuple[str, ...]:
    assert outcome.app
    return settle(plan, outcome.app, arm.clients())


EVENING = {"app_settings": {"GREETING": Secret("good evening")}}


class TestSettling:
    def test_writes_nothing_where_nobody_came_between(self) -> None:
        """It only looks: at site, settings and configuration, and last of all once more at what the app runs."""
        arm = FakeArm()
        plan, outcome = updated(arm, **EVENING)

        assert () == settled(arm, plan, outcome)
        assert [] == arm.writes
        assert 4 == len(arm.asked)

    def test_writes_the_runs_own_settings_again(self) -> None:
        """Those of others stay, also those that came meanwhile."""
        arm = FakeArm()
        plan, outcome = updated(arm, **EVENING)
        arm.settings |= {"GREETING": "good night", "THEIRS": "1"}

        assert ("GREETING",) == settled(arm, plan, outcome)
        assert ("good evening", "1") == (arm.settings["GREETING"], arm.settings["THEIRS"])

    def test_holds_the_users_settings_that_did_not_change(self) -> None:
        """A run that wrote its image alone has its settings, too."""
        arm = FakeArm()
        plan, outcome = updated(arm, app_settings={"GREETING": Secret("good morning")})
        arm.settings["GREETING"] = "good night"

        assert ("GREETING",) == settled(arm, plan, outcome)
        assert "good morning" == arm.settings["GREETING"]

    def test_takes_away_what_another_kind_of_deployment_needs(self) -> None:
        """A queue trigger's connection, of somebody whose image has gone again; all else of theirs stays."""
        arm = FakeArm()
        plan, outcome = updated(arm, app_settings={})
        arm.settings |= {"TriggerConnectionString__fullyQualifiedNamespace": "theirs", "THEIRS": "1"}

        assert ("TriggerConnectionString__fullyQualifiedNamespace",) == settled(arm, plan, outcome)
        assert "1" == arm.settings["THEIRS"]

    def test_ends_where_the_app_runs_another_image(self) -> None:
        """It is somebody else's: nothing is written."""
        arm = FakeArm()
        plan, outcome = updated(arm, **EVENING)
        applied(arm, planned(arm, digit="c", app_settings={"GREETING": Secret("good night")}))
        arm.asked.clear()

        with pytest.raises(Overtaken, match=r"somebody else has deployed to it in the meantime: it runs `.*cccc`"):
            settled(arm, plan, outcome)

        assert [] == arm.writes

    def test_waits_for_who_has_changed_them(self) -> None:
        """An operation of somebody else on the app does not end it."""
        arm = FakeArm()
        slept: list[float] = []
        plan, outcome = updated(arm, **EVENING)
        arm.settings["GREETING"] = "good night"
        message = "Cannot modify this site because another operation is in progress."
        arm.fail("PUT", "/config/appsettings$", Answer(409, {"Code": "Conflict", "Message": message}))
        assert outcome.app is not None

        settle(plan, outcome.app, arm.clients(), RunContext(sleep=slept.append))

        assert "good evening" == arm.settings["GREETING"]
        assert [2.0] == slept

    def test_that_is_refused_is_told(self) -> None:
        """The app is live all the same."""
        arm = FakeArm()
        plan, outcome = updated(arm, **EVENING)
        arm.fail("POST", "appsettings/list", arm_error(403, "AuthorizationFailed", "no"))

        with pytest.raises(ApplyIncomplete, match="look at the function app `iris` again"):
            settled(arm, plan, outcome)


class TestSettingsThatCameDuringTheBuild:
    @pytest.mark.parametrize(
        "change",
        [lambda arm: arm.settings.update(THEIRS="2"), lambda arm: arm.settings.pop("THEIRS")],
        ids=["changed", "removed"],
    )
    def test_are_what_somebody_else_made_them(self, change: Callable[[FakeArm], object]) -> None:
        """A write replaces all settings, so they are read once more before it."""
        arm = FakeArm()
        applied(arm, planned(arm))
        arm.settings["THEIRS"] = "1"
        plan = planned(arm, **EVENING)
        change(arm)
        theirs = arm.settings.get("THEIRS")
        applied(arm, plan)

        assert (theirs, "good evening") == (arm.settings.get("THEIRS"), arm.settings["GREETING"])
