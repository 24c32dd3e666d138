"""A host's own id, where its name would be cut: two apps with one id on one account cannot both run."""

from __future__ import annotations

from functions_model.hosting.app_service.settings import HOST_ID
from support.fake_arm import FakeArm
from support.provisioning import applied, planned

LONG = "contoso-churn-prediction-scoring-prod"


class TestANewApp:
    def test_with_a_long_name_gets_an_id_of_its_own(self) -> None:
        """Which no swap moves, and which differs for another long name that begins alike."""
        ids = []
        for name in (LONG, LONG.replace("prod", "test")):
            arm = FakeArm()
            applied(arm, planned(arm, app_name=name))
            ids.append(arm.settings[HOST_ID])

            assert HOST_ID in arm.sticky
            assert not planned(arm, app_name=name).has_changes

        assert 2 == len(set(ids))

    def test_with_a_name_that_fits_gets_none(self) -> None:
        """Its name is its id."""
        arm = FakeArm()
        applied(arm, planned(arm, app_name="a" * 32))

        assert HOST_ID not in arm.settings


class TestAnAppThatIsThere:
    def test_keeps_the_id_that_it_has(self) -> None:
        """Another one would lose its locks, and have it take every blob for a new one."""
        arm = FakeArm()
        applied(arm, planned(arm, app_name=LONG))
        arm.settings.pop(HOST_ID, None)
        applied(arm, planned(arm, digit="b", app_name=LONG))

        assert HOST_ID not in arm.settings
        assert not planned(arm, digit="b", app_name=LONG).has_changes
