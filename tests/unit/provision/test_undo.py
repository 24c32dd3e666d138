"""An updated app is put back to what it was, and what others have changed since stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import ApplyIncomplete, Overtaken
from functions_model.core.secrets import Secret
from functions_model.hosting.app_service.nouns import ObservedApp, known_app
from functions_model.hosting.app_service.undoing import undo
from functions_model.provision import RunContext
from functions_model.provision.releases import PutBack
from support.fake_arm import Answer, FakeArm, arm_error
from support.provisioning import applied, planned

if TYPE_CHECKING:
    from functions_model.provision import Applied, ResourcePlan

FIRST, SECOND = (f"DOCKER|contoso.azurecr.io/package@sha256:{digit * 64}" for digit in "ab")


def updated(arm: FakeArm, **changes: object) -> tuple[ResourcePlan, Applied]:
    """A second deployment with another image, after the first."""
    applied(arm, planned(arm))
    second = planned(arm, digit="b", **changes)
    return second, applied(arm, second)


def undone(arm: FakeArm, plan: ResourcePlan, outcome: Applied) -> PutBack:
    app = plan.observed.of(ObservedApp)
    assert app is not None
    assert outcome.app is not None
    return undo(arm.clients(), plan.wanted, app, outcome.app)


def config(arm: FakeArm) -> dict[str, object]:
    site = next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))
    found: dict[str, object] = site["properties"]["siteConfig"]
    return found


class TestWhatIsKnownOfAnUpdate:
    def test_the_app_as_it_was_left(self) -> None:
        """An update says how it has left the app; a creation and a run that writes nothing do not."""
        arm = FakeArm()

        created = applied(arm, planned(arm))
        kept = applied(arm, planned(arm), ready={})
        changed = applied(arm, planned(arm, digit="b"))

        assert (None, None) == (created.app, kept.app)
        assert changed.app is not None
        assert SECOND == known_app(changed.app).runs


class TestAConflict:
    def test_is_waited_out(self) -> None:
        """Somebody else's operation on the app does not end an undo."""
        arm = FakeArm()
        told: list[object] = []
        slept: list[float] = []
        plan, outcome = updated(arm)
        busy = {"Code": "Conflict", "Message": "Cannot modify this site because another operation is in progress."}
        arm.fail("PATCH", "/config/web$", Answer(409, busy), 2)
        before = plan.observed.of(ObservedApp)
        assert before is not None
        assert outcome.app is not None

        context = RunContext(report=told.append, sleep=slept.append)
        put_back = undo(arm.clients(), plan.wanted, before, outcome.app, context)

        assert ("image",) == put_back.what
        assert FIRST == config(arm)["linuxFxVersion"]
        assert [2.0, 4.0] == slept
        assert 1 == len(told)


class TestPuttingBack:
    def test_the_image_alone(self) -> None:
        """A new image is one write to put back."""
        arm = FakeArm()
        plan, outcome = updated(arm)
        arm.asked.clear()

        put_back = undone(arm, plan, outcome)

        assert PutBack(("image",), ()) == put_back
        assert ["PATCH web"] == arm.writes
        assert FIRST == config(arm)["linuxFxVersion"]

    def test_settings_that_the_run_changed(self) -> None:
        """A value goes back, a setting that was added goes, and everything else stays."""
        arm = FakeArm()
        before = {**FakeArm().settings, **_first_settings()}
        plan, outcome = updated(arm, app_settings={"GREETING": Secret("good evening"), "MORE": Secret("of it")})

        put_back = undone(arm, plan, outcome)

        assert ("app settings", "image") == put_back.what
        assert ("good morning", None) == (arm.settings["GREETING"], arm.settings.get("MORE"))
        assert set(before) == set(arm.settings)

    def test_a_classic_app_pulls_with_its_credentials_again(self) -> None:
        """Who pulled the image, and an identity that the run has added, go back too."""
        arm = FakeArm()
        applied(arm, planned(arm))
        site = next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))
        site["identity"] = {"type": "SystemAssigned"}
        site["properties"]["siteConfig"] = {"linuxFxVersion": FIRST}
        plan = planned(arm)
        outcome = applied(arm, plan)

        put_back = undone(arm, plan, outcome)

        assert ("image", "identity") == put_back.what
        assert config(arm)["acrUseManagedIdentityCreds"] is False
        assert {"type": "SystemAssigned"} == site["identity"]

    def test_an_identity_that_the_app_had_stays(self) -> None:
        """Ours alone is taken away."""
        arm = FakeArm()
        applied(arm, planned(arm))
        site = next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))
        site["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {"/theirs": {}}}
        plan = planned(arm)
        outcome = applied(arm, plan)

        undone(arm, plan, outcome)

        ours = plan.wanted.id_of("Microsoft.ManagedIdentity/userAssignedIdentities", "iris-identity")
        assert {ours: None} == site["identity"]["userAssignedIdentities"]


class TestOthers:
    def test_what_they_changed_meanwhile_stays(self) -> None:
        """A setting that is no longer as the run wrote it is left alone, and named."""
        arm = FakeArm()
        plan, outcome = updated(arm, app_settings={"GREETING": Secret("good evening")})
        arm.settings |= {"GREETING": "hello", "THEIRS": "new"}

        put_back = undone(arm, plan, outcome)

        assert ("GREETING",) == put_back.others
        assert ("hello", "new") == (arm.settings["GREETING"], arm.settings["THEIRS"])

    def test_an_app_that_they_have_deployed_to_is_left_alone(self) -> None:
        """Another image than the one this run wrote: nothing is written."""
        arm = FakeArm()
        plan, outcome = updated(arm)
        config(arm)["linuxFxVersion"] = "DOCKER|contoso.azurecr.io/package@sha256:" + "c" * 64
        arm.asked.clear()

        with pytest.raises(Overtaken) as caught:
            undone(arm, plan, outcome)

        assert "contoso.azurecr.io/package@sha256:" + "c" * 64 == caught.value.image
        assert [] == arm.writes


class TestAnUndoThatFails:
    def test_says_what_was_put_back_and_what_was_not(self) -> None:
        """The version was written, the identity stays; no value is shown."""
        arm = FakeArm()
        applied(arm, planned(arm))
        site = next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))
        site["identity"] = {"type": "SystemAssigned"}
        plan = planned(arm, digit="b", app_settings={"GREETING": Secret("good evening")})
        outcome = applied(arm, plan)
        arm.fail("PATCH", "/sites/iris$", arm_error(403, "AuthorizationFailed", "you may not"))

        with pytest.raises(ApplyIncomplete) as caught:
            undone(arm, plan, outcome)

        assert "Rolled back: app settings, image. Not rolled back: identity." in str(caught.value)
        assert "good" not in str(caught.value)

    def test_that_cannot_even_look_says_so(self) -> None:
        """Nothing was put back."""
        arm = FakeArm()
        plan, outcome = updated(arm)
        arm.fail("GET", "/sites/iris$", Answer(403, {"error": {"code": "AuthorizationFailed", "message": "no"}}))

        with pytest.raises(ApplyIncomplete, match=r"Rolled back: nothing\. Not rolled back: not known\."):
            undone(arm, plan, outcome)


def _first_settings() -> dict[str, str]:
    arm = FakeArm()
    applied(arm, planned(arm))
    return arm.settings
