"""The user's own tags: on what is made, merged into what is there and ours, never on what is only used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import ApplyIncomplete, PlanRefused
from functions_model.core.tags import merged
from functions_model.provision import Action
from support.fake_arm import FakeArm, arm_error
from support.provisioning import applied, planned
from support.wanted import BLOB, QUEUE

if TYPE_CHECKING:
    from functions_model.provision import Change, ResourcePlan

ASKED = {"cost-center": "4711", "env": "prod"}
OURS = ("managed-by", "functions-model-action")
INSIGHTS = {"application_insights": "iris-ai", "log_analytics_workspace": "iris-logs"}


def tags_of(arm: FakeArm, ending: str) -> dict[str, str]:
    """The tags of the resource whose path ends so."""
    return next(value["tags"] for key, value in arm.resources.items() if key.endswith(ending))


def deployed(**given: Any) -> FakeArm:
    """What a first deployment leaves."""
    arm = FakeArm()
    applied(arm, planned(arm, **given))
    arm.asked.clear()
    return arm


def changed(plan: ResourcePlan) -> dict[str, Change]:
    """Changes that write, by kind."""
    return {one.kind: one for one in plan.changes if one.action is not Action.KEEP}


class TestWhatIsMade:
    @pytest.mark.parametrize("trigger", [BLOB, QUEUE], ids=["blob", "queue"])
    def test_has_them_all(self, trigger: Any) -> None:
        """Group, plan, accounts, namespace, component, workspace, identity and app."""
        arm = deployed(trigger=trigger, tags=ASKED, **INSIGHTS)

        tagged = {key: value for key, value in arm.resources.items() if "tags" in value}
        lacking = [key for key, value in tagged.items() if not {*ASKED.items(), OURS} <= {*value["tags"].items()}]

        assert lacking == []
        assert len(tagged) == 8

    def test_is_shown_with_them_in_the_plan(self) -> None:
        """Each resource that takes tags has a line for each."""
        changes = planned(FakeArm(), tags=ASKED).changes

        shown = {one.kind for one in changes if ("tag `env`", None, "prod") in [_told(field) for field in one.fields]}

        assert shown == {"resource group", "plan", "storage account", "identity", "function app"}

    def test_stays_so_without_a_write(self) -> None:
        """A second run with the same tags does nothing."""
        arm = deployed(tags=ASKED, **INSIGHTS)

        plan = planned(arm, tags=ASKED, **INSIGHTS)

        assert not plan.has_changes
        applied(arm, plan)
        assert arm.writes == []

    def test_asks_nothing_more_without_them(self) -> None:
        """Not one request is sent for tags."""
        arm = deployed()

        planned(arm)

        assert [asked.path for asked in arm.asked if "/tags/" in asked.path] == []


class TestWhatIsThere:
    def test_gets_new_ones_and_keeps_those_of_others(self) -> None:
        """They are merged, by one request for each resource that lacks any, and nothing else is written."""
        arm = deployed()
        tags_of(arm, "/serverfarms/iris-plan")["Owner"] = "ml"

        plan = planned(arm, tags=ASKED)
        applied(arm, plan)

        assert {one.reason for one in changed(plan).values()} == {"tags differ from what the inputs say"}
        assert {*ASKED.items(), OURS, ("Owner", "ml")} <= {*tags_of(arm, "/serverfarms/iris-plan").items()}
        assert ["PATCH default"] * 5 == arm.writes
        assert not planned(arm, tags=ASKED).has_changes

    def test_shows_before_and_after(self) -> None:
        """A value that changes is told with both, one that stays is not."""
        arm = deployed(tags=ASKED)

        change = changed(planned(arm, tags={**ASKED, "env": "test"}))["plan"]

        assert [("tag `env`", "prod", "test")] == [_told(field) for field in change.fields]

    def test_is_compared_without_regard_to_the_case_of_names(self) -> None:
        """Names of tags have none for Azure; values do."""
        arm = deployed(tags=ASKED)

        assert not planned(arm, tags={"ENV": "prod"}).has_changes
        assert "plan" in changed(planned(arm, tags={"ENV": "Prod"}))

    def test_keeps_its_own_when_the_input_has_fewer(self) -> None:
        """A tag that is asked for no longer stays: it may be somebody's by now."""
        arm = deployed(tags=ASKED)

        assert not planned(arm, tags={"env": "prod"}).has_changes

    def test_is_left_alone_where_this_tool_has_not_made_it(self) -> None:
        """A plan of somebody else is used, not tagged."""
        arm = deployed()
        del tags_of(arm, "/serverfarms/iris-plan")["managed-by"]

        plan = planned(arm, tags=ASKED)
        applied(arm, plan)

        assert "plan" not in changed(plan)
        assert "env" not in tags_of(arm, "/serverfarms/iris-plan")

    def test_is_left_alone_in_another_group(self) -> None:
        """Even where this tool has made it: it is another deployment's."""
        arm = deployed()
        group = "/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/shared"
        arm.resources[group] = {"id": group, "name": "shared", "location": "westeurope"}
        ours = next(key for key in arm.resources if key.endswith("/serverfarms/iris-plan"))
        there = f"{group}/providers/microsoft.web/serverfarms/iris-plan"
        arm.resources[there] = {**arm.resources.pop(ours), "id": there}
        next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))["properties"][
            "serverFarmId"
        ] = there

        plan = planned(arm, tags=ASKED, other_groups={"plan-name": "shared"})

        assert "plan" not in changed(plan)

    def test_gets_them_with_what_else_differs(self) -> None:
        """A plan that gets another size keeps its tags in that write, and gets the new ones by another."""
        arm = deployed()

        plan = planned(arm, tags=ASKED, plan_sku="EP2", plan_sku_given=True)
        applied(arm, plan)

        fields = [field.name for field in changed(plan)["plan"].fields]
        assert ["tag `cost-center`", "tag `env`"] == fields[-2:]
        assert {*ASKED.items(), OURS} <= {*tags_of(arm, "/serverfarms/iris-plan").items()}
        assert arm.writes.count("PUT iris-plan") == 1

    def test_of_an_app_goes_with_its_version(self) -> None:
        """A new image and new tags are written as ever: one request for the tags."""
        arm = deployed()

        plan = planned(arm, digit="b", tags=ASKED)
        applied(arm, plan)

        assert {*ASKED.items(), OURS} <= {*tags_of(arm, "/sites/iris").items()}
        assert [] == [asked for asked in arm.asked if asked.method == "PATCH" and "sites/iris/providers" in asked.path]

    def test_that_has_no_room_for_them_is_refused(self) -> None:
        """Azure takes 50 on one resource."""
        arm = deployed()
        tags_of(arm, "/serverfarms/iris-plan").update({f"t{number}": "x" for number in range(48)})

        with pytest.raises(PlanRefused, match="would have 51 tags"):
            planned(arm, tags=ASKED)

    def test_that_may_not_be_tagged_is_told(self) -> None:
        """A login without the right hears of it, and what to run."""
        arm = deployed()
        message = (
            "The client 'c' with object id 'o-1' does not have authorization to perform action "
            "'Microsoft.Resources/tags/write' over scope '/subscriptions/s/resourceGroups/iris-rg' or the scope is "
            "invalid."
        )
        arm.fail("PATCH", "serverfarms/.*/tags/default", arm_error(403, "AuthorizationFailed", message))

        with pytest.raises(ApplyIncomplete, match=r"may not do `Microsoft\.Resources/tags/write`"):
            applied(arm, planned(arm, tags=ASKED))


def test_a_name_keeps_the_spelling_that_it_has() -> None:
    """What is written has no two names that differ by case alone: Azure refuses those."""
    assert {"Env": "prod", "x": "1"} == merged({"Env": "test"}, {"env": "prod", "x": "1"})


def _told(field: Any) -> tuple[str, str | None, str]:
    return field.name, field.before, field.after
