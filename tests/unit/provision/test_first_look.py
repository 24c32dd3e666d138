"""All that is in the way is told at once, also where the registry cannot be had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from functions_model.core.failures import PlanRefused, Problem
from functions_model.core.spec import Access, Mode
from functions_model.hosting.app_service.host import APP_SERVICE
from functions_model.provision import with_the_rest
from support.fake_arm import SUBSCRIPTION, FakeArm
from support.wanted import spec_for

READER = {f"/subscriptions/{SUBSCRIPTION}": [{"actions": ["*/read"], "notActions": []}]}


def subjects(arm: FakeArm, subject: str = "registry", mode: Mode = Mode.DEPLOY, **target: Any) -> list[str]:
    """The inputs that are named when the registry is refused."""
    refused = PlanRefused("find the registry `hub`", [Problem("it may not be read", "Ask.", subject)])
    told = with_the_rest(refused, replace(spec_for(**target), mode=mode), arm.clients(), APP_SERVICE)
    return [problem.subject for problem in told.problems]


class TestARegistryThatCannotBeHad:
    def test_is_told_with_what_else_is_not_there(self) -> None:
        """A plan that must be there."""
        assert ["registry", "plan-name"] == subjects(FakeArm(), other_groups={"plan-name": "shared"})

    def test_is_told_with_the_rights_that_lack(self) -> None:
        """For what is to be made; a run that only plans needs none. Nothing is said of a role on that registry."""
        arm = FakeArm()
        arm.permissions = READER

        assert ["registry", "", "access"] == subjects(arm)
        assert ["registry"] == subjects(arm, mode=Mode.PLAN)
        assert not any(asked.path.endswith("/unknown") for asked in arm.asked)

    def test_is_told_alone_where_nothing_is_in_the_way(self) -> None:
        """Nothing is written by looking."""
        arm = FakeArm()

        assert ["registry"] == subjects(arm)
        assert {"GET", "POST"} >= {asked.method for asked in arm.asked}

    def test_is_told_alone_with_keys(self) -> None:
        """The settings of a live app could not be compared."""
        assert ["registry"] == subjects(FakeArm(), access=Access.KEYS, other_groups={"plan-name": "shared"})

    def test_is_told_alone_in_a_subscription_that_is_not_seen(self) -> None:
        """There is nothing to look at."""
        arm = FakeArm()

        assert ["subscription-id"] == subjects(arm, "subscription-id", other_groups={"plan-name": "shared"})
        assert [] == arm.asked
