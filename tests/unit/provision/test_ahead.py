"""What is made while the image is being made."""

from __future__ import annotations

import pytest

from functions_model.provision import RunContext, apply, begin_ahead
from support.fake_arm import FakeArm
from support.provisioning import planned, pushed


@pytest.fixture
def arm() -> FakeArm:
    """An empty subscription."""
    return FakeArm()


class TestPlan:
    def test_what_need_not_wait_is_all_but_the_app(self, arm: FakeArm) -> None:
        """In an empty subscription."""
        plan = planned(arm)

        assert [change for change in plan.changes if change.kind != "function app"] == list(plan.ahead)

    def test_what_is_kept_is_not_among_it(self, arm: FakeArm) -> None:
        """Nothing is made ahead where everything is there."""
        plan = planned(arm)
        apply(plan, arm.clients(), RunContext(sleep=lambda _: None), ready=pushed())

        assert () == planned(arm, digit="b").ahead


class TestLaying:
    def test_the_app_is_made_from_what_was_begun(self, arm: FakeArm) -> None:
        """Each resource is written once, and the app with the image that was not known before."""
        plan = planned(arm, digit="0")
        ahead = begin_ahead(plan, arm.clients(), RunContext(sleep=lambda _: None))
        ahead.finish()
        before = list(arm.writes)
        exact = planned(FakeArm(), digit="b")
        outcome = apply(exact, arm.clients(), RunContext(sleep=lambda _: None), ready=pushed(), ahead=ahead)

        assert ["PUT iris", "PUT ftp", "PUT scm", "PUT slotConfigNames", "PATCH iris"] == arm.writes[len(before) :]
        assert [change.key for change in exact.changes] == sorted(
            (written.change.key for written in outcome.written), key=[change.key for change in exact.changes].index
        )
        assert not planned(arm, digit="b").has_changes
