"""What a removal may take and what it leaves, each with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.hosting.app_service.host import APP_SERVICE
from functions_model.provision import Action
from functions_model.provision.host import Found
from functions_model.provision.removable import RolesHeld
from functions_model.provision.removal import removal_plan
from functions_model.provision.removal.surveying import named
from functions_model.provision.tags import is_ours
from support.removal import (
    ACCOUNT,
    APP,
    BUS,
    COMPONENT,
    GROUP,
    IDENTITY,
    PLAN,
    WHOLE,
    WORKSPACE,
    found,
    removal,
    without_tag,
)

if TYPE_CHECKING:
    from functions_model.core.spec import RemovalSpec

WITH_DATA = removal(with_data=True)


def goes(spec: RemovalSpec, there: Found) -> list[str]:
    """Names of what goes, in order."""
    return [change.name for change in removal_plan(spec, there).changes if change.action is Action.DELETE]


def reasons(spec: RemovalSpec, there: Found) -> dict[str, str]:
    """Why each of the others stays."""
    return {change.name: change.reason for change in removal_plan(spec, there).changes if change.action is Action.KEEP}


class TestAWholeDeployment:
    def test_goes_in_the_order_in_which_it_can(self) -> None:
        """The app first; roles before the identity and what they are held on; component, workspace, group last."""
        plan = removal_plan(WITH_DATA, WHOLE)
        order = [change.key for change in plan.changes]

        assert ["iris", "AcrPull on contoso", "AcrPull on irisstorage", "iris-identity"] == goes(WITH_DATA, WHOLE)[:4]
        assert ["iris-insights", "iris-logs", "iris-rg"] == goes(WITH_DATA, WHOLE)[-3:]
        assert {"Application Insights component/iris-insights", "function app/iris"} < set(plan.changes[-2].depends_on)
        assert all(order.index(key) < order.index(c.key) for c in plan.changes for key in c.depends_on)
        assert {"function app/iris"} < set(plan.changes[3].depends_on)
        assert set(order[:-1]) == set(plan.changes[-1].depends_on)

    def test_keeps_its_data_unless_told_otherwise(self) -> None:
        """Accounts, namespaces and workspaces stay, and with them the group that they are in."""
        stays = reasons(removal(), WHOLE)

        assert {"irisstorage", "iris-bus", "iris-logs", "iris-rg"} == set(stays)
        assert "`destroy-data: true`" in stays["iris-bus"]
        assert "`destroy-data: true`" in stays["iris-logs"]
        assert "it still contains `irisstorage`, `iris-bus`, `iris-logs`" == stays["iris-rg"]

    def test_takes_slots_along(self) -> None:
        """They lie below the app: they are told, and do not keep the group."""
        there = found(members=(*WHOLE.members, f"{APP.id}/slots/Staging"))
        plan = removal_plan(WITH_DATA, there)

        assert [("slots", "Staging", "removed")] == [(f.name, f.before, f.after) for f in plan.changes[0].fields]
        assert "iris-rg" in goes(WITH_DATA, there)


class TestWhatStays:
    @pytest.mark.parametrize("one", [PLAN, IDENTITY, ACCOUNT, BUS, COMPONENT, WORKSPACE])
    def test_is_what_this_tool_has_not_made(self, one: object) -> None:
        """Without our tag nothing goes, whatever it is called; nor does the group that it is in."""
        there = found(resources=without_tag(one))  # type: ignore[arg-type]
        name = one.name  # type: ignore[attr-defined]

        assert "this action did not create it" in reasons(WITH_DATA, there)[name]
        assert name in reasons(WITH_DATA, there)["iris-rg"]

    def test_is_all_that_an_app_of_somebody_else_may_use(self) -> None:
        """Our identity and accounts carry an app that is not ours, so that they stay with it."""
        there = found(resources=without_tag(APP))

        assert [] == goes(WITH_DATA, there)
        assert "the function app `iris` may use it, and stays" == reasons(WITH_DATA, there)["iris-identity"]

    def test_is_a_plan_with_other_apps(self) -> None:
        """It carries on; the first of them are named."""
        there = found(plan_apps=("a", "b", "c", "d"))

        assert "it carries other apps: `a`, `b`, `c` and 1 more" == reasons(WITH_DATA, there)["iris-plan"]
        assert "iris" in goes(WITH_DATA, there)

    def test_is_an_identity_of_other_apps_with_its_roles(self) -> None:
        """They would lose their image and their storage."""
        there = found(identity_apps=("twin",))

        assert not {"iris-identity", "AcrPull on contoso", "AcrPull on irisstorage"} & set(goes(WITH_DATA, there))
        assert {"iris", "iris-plan", "irisstorage", "iris-bus", "iris-insights"} < set(goes(WITH_DATA, there))

    def test_is_data_of_other_deployments(self) -> None:
        """An account that another identity of ours has roles on."""
        there = found(sharers={ACCOUNT.id: ("twin-identity",)})

        assert "with roles for `twin-identity`" in reasons(WITH_DATA, there)["irisstorage"]
        assert "iris-bus" in goes(WITH_DATA, there)

    def test_is_a_component_of_other_deployments_with_its_workspace(self) -> None:
        """An identity of another deployment writes to it; no data of it goes, either."""
        there = found(sharers={COMPONENT.id: ("twin-identity",)})

        assert "with roles for `twin-identity`" in reasons(WITH_DATA, there)["iris-insights"]
        assert "keep their data in it: `iris-insights`" in reasons(WITH_DATA, there)["iris-logs"]

    def test_is_a_workspace_with_another_component_on_it(self) -> None:
        """Wherever that is. One that goes, in any case of letters, does not count."""
        theirs = "/subscriptions/s/resourceGroups/theirs/providers/microsoft.insights/components/theirs"
        alone = found(components=(COMPONENT.id.upper(),))
        there = found(components=(COMPONENT.id, theirs))

        assert "iris-logs" in goes(WITH_DATA, alone)
        assert "keep their data in it: `theirs`" in reasons(WITH_DATA, there)["iris-logs"]
        assert "iris-insights" in goes(WITH_DATA, there)

    def test_is_a_workspace_whose_component_was_not_made_by_us(self) -> None:
        """The component stays for want of the tag, and the workspace under it for the component."""
        there = found(resources=without_tag(COMPONENT))

        assert "keep their data in it: `iris-insights`" in reasons(WITH_DATA, there)["iris-logs"]

    def test_is_a_group_with_anything_else_in_it(self) -> None:
        """Deleting a group deletes all that is in it."""
        there = found(members=(*WHOLE.members, f"{GROUP.id}/providers/Microsoft.Sql/servers/theirs"))

        assert "it still contains `theirs`" == reasons(WITH_DATA, there)["iris-rg"]

    def test_is_a_group_that_others_made(self) -> None:
        """Even when nothing is left in it."""
        there = found(group=replace(GROUP, ours=False))

        assert "this action did not create it" in reasons(WITH_DATA, there)["iris-rg"]

    def test_is_what_the_inputs_place_in_another_group(self) -> None:
        """Nothing is ever made there."""
        spec = removal(other_groups={"plan-name": "shared"}, plan_name="plan")

        assert "it is in the resource group `shared`" in reasons(spec, WHOLE)["plan"]

    def test_is_what_they_place_in_another_subscription(self) -> None:
        """The id of the group says where: a plan's JSON has it without the subscription's."""
        given = {"application-insights": "hub-rg"}, {"application-insights": "h"}
        spec = removal(application_insights="insights", other_groups=given[0], other_subscriptions=given[1])

        assert "(`/subscriptions/h/resourceGroups/hub-rg`)" in reasons(spec, WHOLE)["insights"]

    def test_are_roles_that_may_not_be_removed(self) -> None:
        """The identity goes all the same: the role would have no use, and is named."""
        changes = removal_plan(WITH_DATA, found(roles=RolesHeld((), {"AcrPull on hub": "this login may not"}))).changes
        told = {change.name: change for change in changes}

        assert (Action.KEEP, "this login may not") == (told["AcrPull on hub"].action, told["AcrPull on hub"].reason)
        assert Action.DELETE is told["iris-identity"].action


class TestWhatIsLookedFor:
    def test_one_account_for_both_once(self) -> None:
        """And nothing that is in another group."""
        spec = removal(
            storage_account="one", data_storage_account="one", other_groups={"plan-name": "shared"}, plan_name="theirs"
        )

        names = [name for _, name in named(spec, APP_SERVICE)]

        assert 1 == names.count("one")
        assert "theirs" not in names


class TestTheRest:
    def test_without_a_group_there_is_nothing_to_remove(self) -> None:
        """A plan without changes."""
        assert () == removal_plan(WITH_DATA, Found(APP_SERVICE)).changes

    def test_of_a_run_that_was_stopped_goes_too(self) -> None:
        """The app is gone; what it ran on is not."""
        assert "iris-plan" in goes(WITH_DATA, found(resources=WHOLE.resources[1:], members=WHOLE.members[1:]))

    @pytest.mark.parametrize(
        ("tags", "ours"),
        [
            ({"Managed-By": "functions-model-action"}, True),
            ({"managed-by": "terraform"}, False),
            ({}, False),
            (None, False),
        ],
    )
    def test_tags_are_compared_as_azure_does(self, tags: dict[str, str] | None, ours: bool) -> None:
        """Names in any case, values to the letter."""
        assert ours == is_ours(tags)
