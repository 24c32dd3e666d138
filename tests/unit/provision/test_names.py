"""Names that must be unique in all of Azure: asked for in the plan, of what is to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import PlanRefused
from support.fake_arm import FakeArm, arm_error
from support.provisioning import applied, planned
from support.wanted import BLOB, QUEUE

if TYPE_CHECKING:
    from functions_model.core.spec import Trigger

DENIED = arm_error(403, "AuthorizationFailed", "The client has no permission.")
NOT_REGISTERED = arm_error(404, "SubscriptionNotFound", "Subscription s was not found.")


def asked(arm: FakeArm) -> list[str]:
    """The names that were asked for."""
    questions = (one for one in arm.asked if one.path.lower().endswith("/checknameavailability"))
    return sorted(one.document["name"] for one in questions)


class TestQuestions:
    @pytest.mark.parametrize(
        ("trigger", "names"),
        [(None, ["iris", "irisstorage"]), (BLOB, ["iris", "irisdata", "irisstorage"]), (QUEUE, ["iris", "iris-bus"])],
    )
    def test_are_asked_of_what_is_new(self, trigger: Trigger | None, names: list[str]) -> None:
        """Each once; and none when everything is there."""
        arm, given = FakeArm(), {"trigger": trigger} if trigger else {}
        plan = planned(arm, **given)
        first = asked(arm)
        applied(arm, plan)
        arm.asked.clear()
        planned(arm, digit="b", **given)

        assert set(names) <= set(first)
        assert [] == asked(arm)

    def test_are_asked_of_a_new_slot_alone(self) -> None:
        """Its host is `<app>-<slot>`."""
        arm = FakeArm()
        applied(arm, planned(arm))
        arm.asked.clear()

        planned(arm, digit="b", slot_name="staging")

        assert ["iris-staging"] == asked(arm)


class TestAnAppsName:
    def test_that_is_taken_is_refused(self) -> None:
        """In the service's words, with the way out."""
        arm = FakeArm()
        arm.site_refusal = "Hostname 'iris' already exists. Please select a different name."

        with pytest.raises(PlanRefused) as caught:
            planned(arm)

        assert (
            "Could not plan the function app `iris`: app-name: the function app `iris` cannot be created: Hostname "
            "'iris' already exists. Set `app-name` to another name: it must be unique in all of Azure."
        ) == str(caught.value)
        assert [] == arm.writes

    @pytest.mark.parametrize("answer", [DENIED, NOT_REGISTERED])
    def test_that_nobody_can_tell_of_is_said_to_be_so(self, answer: object) -> None:
        """The login's rights end at the group, or the provider is not registered: the write will tell."""
        arm = FakeArm()
        arm.fail("POST", "/checknameavailability$", answer, times=2)  # type: ignore[arg-type]

        [note] = planned(arm).notes

        assert note.startswith("Whether these names are free in all of Azure is not known")
        assert note.endswith("the storage account `irisstorage`, the function app `iris`.")
