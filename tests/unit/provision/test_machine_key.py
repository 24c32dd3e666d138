"""The machine key is written with a new app, and never on one that is there: its callers' keys depend on it."""

from __future__ import annotations

import pytest

from functions_model.core.failures import PlanRefused
from functions_model.core.secrets import Secret
from functions_model.hosting.app_service.machine_key import MACHINE_KEY
from support.fake_arm import FakeArm
from support.provisioning import applied, planned


@pytest.fixture
def arm() -> FakeArm:
    """With an app that was made without a machine key, and that another image is wanted for."""
    arm = FakeArm()
    applied(arm, planned(arm))
    del arm.settings[MACHINE_KEY]
    return arm


class TestAnAppThatIsThere:
    def test_gets_no_machine_key(self, arm: FakeArm) -> None:
        """Neither in the plan nor in what is written, whatever else changes."""
        plan = planned(arm, digit="b", app_settings={"GREETING": Secret("good evening")})
        applied(arm, plan)

        assert [] == [field.name for change in plan.changes for field in change.fields if MACHINE_KEY in field.name]
        assert MACHINE_KEY not in arm.settings
        assert "good evening" == arm.settings["GREETING"]

    def test_is_not_changed_for_it_alone(self, arm: FakeArm) -> None:
        """Without one it is as it is wanted."""
        assert not planned(arm).has_changes

    @pytest.mark.parametrize("live", [None, "A" * 64])
    def test_is_given_no_other_by_the_users_settings(self, arm: FakeArm, live: str | None) -> None:
        """Refused with the command that sets it all the same, and with its price."""
        arm.settings |= {MACHINE_KEY: live} if live else {}

        with pytest.raises(PlanRefused, match=r"could not read its keys.*every caller needs a new key") as caught:
            planned(arm, app_settings={MACHINE_KEY: Secret("B" * 64)})

        assert "BBBB" not in str(caught.value)

    def test_may_be_given_the_one_that_it_has(self, arm: FakeArm) -> None:
        """Nothing changes then."""
        arm.settings[MACHINE_KEY] = "A" * 64

        assert not planned(
            arm, app_settings={"GREETING": Secret("good morning"), MACHINE_KEY: Secret("A" * 64)}
        ).has_changes


class TestANewApp:
    def test_may_have_the_users_own(self) -> None:
        """In place of one that is made."""
        arm = FakeArm()
        applied(arm, planned(arm, app_settings={MACHINE_KEY: Secret("C" * 64)}))

        assert "C" * 64 == arm.settings[MACHINE_KEY]

    def test_has_it_as_a_slot_setting(self) -> None:
        """No swap of anybody moves it."""
        arm = FakeArm()
        applied(arm, planned(arm))

        assert [MACHINE_KEY] == arm.sticky
