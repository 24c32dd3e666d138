"""The plan's size: what was asked for is made so, what was not stays as it is."""

from __future__ import annotations

from typing import Any

import pytest

from functions_model.core.failures import PlanRefused
from functions_model.provision import Action
from support.fake_arm import FakeArm, arm_error
from support.provisioning import applied, planned


def made(**target: Any) -> FakeArm:
    """A Resource Manager after a first run."""
    arm = FakeArm()
    applied(arm, planned(arm, **target))
    arm.asked.clear()
    return arm


def plan_in(arm: FakeArm) -> dict[str, Any]:
    return next(value for key, value in arm.resources.items() if key.endswith("/serverfarms/iris-plan"))


def size_of(arm: FakeArm) -> tuple[str, int | None, int | None]:
    """Size, instances, and the most instances, as the service has them; None where it was left to decide."""
    plan = plan_in(arm)
    return plan["sku"]["name"], plan["sku"].get("capacity"), plan["properties"].get("maximumElasticWorkerCount")


class TestANewPlan:
    @pytest.mark.parametrize(
        ("target", "expected", "kind"),
        [
            ({}, ("EP1", None, None), "elastic"),
            ({"plan_minimum": 2}, ("EP1", 2, 2), "elastic"),
            ({"plan_minimum": 2, "plan_maximum": 10}, ("EP1", 2, 10), "elastic"),
            ({"plan_maximum": 10}, ("EP1", None, 10), "elastic"),
            ({"plan_sku": "P1v3", "plan_minimum": 2}, ("P1v3", 2, None), "linux"),
            ({"plan_sku": "B2"}, ("B2", None, None), "linux"),
        ],
        ids=["default", "minimum", "both", "maximum", "premium", "basic"],
    )
    def test_has_the_size_that_was_asked_for(self, target: Any, expected: Any, kind: str) -> None:
        """What was not asked for is left to Azure; the most is never less than the least."""
        arm = made(**target)

        assert expected == size_of(arm)
        assert kind == plan_in(arm)["kind"]

    @pytest.mark.parametrize(
        "target", [{"plan_minimum": 2, "plan_maximum": 10}, {"plan_sku": "P1v3", "plan_minimum": 2}]
    )
    def test_is_as_wanted_the_second_time(self, target: Any) -> None:
        """The numbers that were written are found again."""
        assert not planned(made(**target), **target, plan_sku_given=True).has_changes


class TestALivePlan:
    def test_keeps_a_size_that_nobody_asked_about(self) -> None:
        """The default is for new plans only."""
        assert not planned(made(plan_sku="EP3", plan_minimum=3)).has_changes

    def test_gets_the_size_that_was_asked_for(self) -> None:
        """It is one PUT of the plan as it is, tags and all, with another size; the plan names before and after."""
        arm = made(plan_minimum=2)
        plan_in(arm)["tags"]["theirs"] = "1"
        plan_in(arm)["properties"]["perSiteScaling"] = True
        target = {"plan_sku": "EP2", "plan_sku_given": True, "plan_minimum": 3, "plan_maximum": 5}

        second = planned(arm, **target)
        change = next(c for c in second.changes if c.action is Action.UPDATE)
        applied(arm, second)

        assert [("size", "EP1", "EP2"), ("minimum instances", "2", "3"), ("maximum instances", "2", "5")] == [
            (field.name, field.before, field.after) for field in change.fields
        ]
        assert ("EP2", 3, 5) == size_of(arm)
        assert ("1", True) == (plan_in(arm)["tags"]["theirs"], plan_in(arm)["properties"]["perSiteScaling"])
        assert ["PUT iris-plan"] == arm.writes
        assert not planned(arm, **target).has_changes

    def test_moves_between_dedicated_tiers(self) -> None:
        """Basic, Standard and Premium change into one another in place; instances stay."""
        arm = made(plan_sku="B1", plan_minimum=2)

        applied(arm, planned(arm, plan_sku="P1v3", plan_sku_given=True))

        assert ("P1v3", 2, None) == size_of(arm)
        assert "PremiumV3" == plan_in(arm)["sku"]["tier"]


class TestWhatCannotBe:
    @pytest.mark.parametrize(
        ("live", "target", "subject", "words"),
        [
            ({}, {"plan_sku": "P1v3", "plan_sku_given": True}, "plan-sku", "cannot make it a P1v3 in place"),
            ({"plan_sku": "B1"}, {"plan_sku": "EP1", "plan_sku_given": True}, "plan-sku", "Remove `plan-sku` to keep"),
            ({"plan_sku": "P1v3"}, {"plan_maximum": 3}, "plan-max-instances", "does not scale out by itself"),
            (None, {"plan_sku": "B1", "plan_maximum": 3}, "plan-max-instances", "does not scale out by itself"),
            (None, {"plan_sku": "B1", "plan_minimum": 4}, "plan-min-instances", "has at most 3 instances"),
            (None, {"plan_minimum": 4, "plan_maximum": 2}, "plan-min-instances", "at least 4 and at most 2"),
            ({"plan_minimum": 3}, {"plan_maximum": 2}, "plan-max-instances", "at least 3 and at most 2"),
            ({}, {"plan_minimum": 2}, "plan-min-instances", "Set `plan-max-instances` to 2 or more"),
        ],
        ids=["to-premium", "to-elastic", "max-live", "max-new", "basic", "crossed", "max-below", "min-above"],
    )
    def test_is_refused(self, live: Any, target: Any, subject: str, words: str) -> None:
        """Before anything is written, with the way out."""
        arm = FakeArm() if live is None else made(**live)

        with pytest.raises(PlanRefused) as caught:
            planned(arm, **target)

        assert [subject] == [problem.subject for problem in caught.value.problems]
        assert words in str(caught.value)
        assert [] == arm.writes


class TestWhetherAzureWouldMakeIt:
    def test_is_asked_of_the_group(self) -> None:
        """One question about a plan that is to be made, and its answer ends the run."""
        arm = made()
        arm.resources = {key: value for key, value in arm.resources.items() if key.endswith("/iris-rg")}
        error = {
            "code": "LinuxWorkersNotAllowedInResourceGroup",
            "message": "Linux workers are not available in resource group iris-rg.",
        }
        arm.validation = {"status": "Failure", "error": error}

        with pytest.raises(PlanRefused, match="Use a new `resource-group`"):
            planned(arm)

        assert ["POST validate"] == [
            f"{asked.method} {asked.path.rpartition('/')[2]}" for asked in arm.asked if "Microsoft.Web/v" in asked.path
        ]

    def test_is_asked_of_the_regions_without_a_group(self) -> None:
        """The regions that have the size are in the message."""
        arm = FakeArm()
        arm.regions = ("North Europe", "UK South")

        with pytest.raises(PlanRefused, match=r"`westeurope` has no Linux plans of the size EP1.*northeurope, uksouth"):
            planned(arm)

    def test_is_not_asked_for_a_plan_that_is_there(self) -> None:
        """A second run asks nothing more."""
        arm = made()

        planned(arm)

        assert [] == [asked.path for asked in arm.asked if asked.path.endswith(("/validate", "/geoRegions"))]

    def test_is_left_to_the_write_where_it_may_not_be_asked(self) -> None:
        """A login whose rights end at the group goes on."""
        arm = FakeArm()
        arm.fail("GET", "/geoRegions$", arm_error(403, "AuthorizationFailed", "no"))
        arm.regions = ()

        assert 1 == sum(change.kind == "plan" for change in planned(arm).changes)

    def test_does_not_mind_a_plan_that_came_in_between(self) -> None:
        """Somebody made it since we looked: the write finds it."""
        arm = made()
        arm.resources = {key: value for key, value in arm.resources.items() if key.endswith("/iris-rg")}
        arm.validation = {"status": "Failure", "error": {"code": "ServerFarmAlreadyExists", "message": "x"}}

        assert planned(arm).has_changes
