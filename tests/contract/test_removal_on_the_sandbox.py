"""Deployments removed again in the sandbox's Resource Manager: by the real SDK, and by the action's own door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.faults import Fault
from functions_model.core.failures import ApplyIncomplete
from functions_model.hosting.app_service.host import APP_SERVICE
from functions_model.provision import Action, RunContext
from functions_model.provision.kinds import generic
from functions_model.provision.removal import RemovalPlan, removal_plan, remove, survey
from support.deployment import Run, run_action
from support.removal import removal
from support.sandbox_login import Azure, logged_in
from support.wanted import BLOB, HTTP, QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions_model.core.spec import Trigger

SHARED = {"sandboxregistry", "sandboxworkspace"}
"""What the sandbox begins with."""
PLACES = {
    "plan-name": "iris-plan",
    "storage-account": "irisstorage",
    "identity-name": "iris-identity",
    "data-storage-account": "irisdata",
    "service-bus-namespace": "iris-bus",
}


TELEMETRY = {"application_insights": "iris-insights", "log_analytics_workspace": "iris-logs"}


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with logged_in(tmp_path) as one:
        yield one


def planned(azure: Azure, **changes: Any) -> RemovalPlan:
    spec = removal(subscription_id=azure.sandbox.subscription_id, **{"with_data": True, **changes})
    return removal_plan(spec, survey(azure.clients, spec, APP_SERVICE))


def removed(azure: Azure, **changes: Any) -> Any:
    return remove(planned(azure, **changes), azure.clients, RunContext(sleep=lambda _: None))


def left(azure: Azure) -> set[str]:
    """Names of all groups and resources, the sandbox's own left out."""
    groups = {str(group.name) for group in azure.clients.resource.resource_groups.list()} - {"sandbox-shared"}
    resources = {str(one.name) for one in azure.clients.resource.resources.list()}
    return (groups | resources) - SHARED


def component_on_our_workspace(azure: Azure, group: str) -> None:
    """Somebody else's component, in a group of its own or in ours."""
    if not azure.clients.resource.resource_groups.check_existence(group):
        body: Any = {"location": "westeurope"}
        azure.clients.resource.resource_groups.create_or_update(group, body)
    place = f"/subscriptions/{azure.sandbox.subscription_id}/resourceGroups"
    logs = f"{place}/iris-rg/providers/Microsoft.OperationalInsights/workspaces/iris-logs"
    path = f"{place}/{group}/providers/Microsoft.Insights/components/their-insights"
    component = {"location": "westeurope", "kind": "web", "properties": {"WorkspaceResourceId": logs.upper()}}
    generic.put(azure.clients, path, "2020-02-02", component)


def assignments(azure: Azure) -> list[str]:
    """Role assignments that this tool has made."""
    every = azure.clients.authorization.role_assignments.list_for_subscription()
    return [str(one.name) for one in every if "functions-model-action" in str(one.description)]


def door(azure: Azure, folder: Path, **inputs: str) -> Run:
    """One run of the action, told nothing of a model."""
    ends = azure.sandbox.endpoints
    kept = ("tenant-id", "client-id", "subscription-id", "cloud", "audience")
    login = {name: value for name, value in ends.inputs().items() if name in kept}
    names = {"resource-group": "iris-rg", "app-name": "iris", **PLACES}
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    return run_action(folder, {**login, **names, **given}, ends.environ())


class TestARemoval:
    @pytest.mark.parametrize("trigger", [HTTP, BLOB, QUEUE], ids=lambda trigger: trigger.kind)
    def test_leaves_nothing_of_a_deployment(self, azure: Azure, trigger: Trigger) -> None:
        """Not even role assignments on the registry, which Resource Manager would keep. The registry stays."""
        azure.apply(azure.plan(trigger=trigger))

        outcome = removed(azure)

        assert outcome.changed
        assert set() == left(azure)
        assert [] == assignments(azure)
        assert not planned(azure).has_changes

    def test_keeps_data_unless_told_otherwise(self, azure: Azure) -> None:
        """The account and its group stay; a deployment comes back to them."""
        azure.apply(azure.plan())

        removed(azure, with_data=False)

        assert {"iris-rg", "irisstorage"} == left(azure)
        azure.apply(azure.plan())
        assert not azure.plan().has_changes

    def test_does_not_take_a_plan_of_others_with_its_last_app(self, azure: Azure) -> None:
        """Resource Manager would delete an empty plan with the app; ours is told not to."""
        body: Any = {"location": "westeurope", "tags": {"managed-by": "functions-model-action"}}
        azure.clients.resource.resource_groups.create_or_update("iris-rg", body)
        plan: Any = {"location": "westeurope", "sku": {"name": "EP1"}, "kind": "elastic", "properties": {"reserved": 1}}
        azure.clients.web.app_service_plans.begin_create_or_update("iris-rg", "iris-plan", plan).result()
        azure.apply(azure.plan())

        removed(azure)

        assert {"iris-rg", "iris-plan"} == left(azure)

    def test_takes_the_slots_along(self, azure: Azure) -> None:
        """They are told, lie below the app, and keep neither the plan nor the group."""
        azure.apply(azure.plan())
        plan_id = azure.clients.web.app_service_plans.get("iris-rg", "iris-plan").id
        body: Any = {"location": "westeurope", "properties": {"serverFarmId": plan_id, "reserved": True}}
        azure.clients.web.web_apps.begin_create_or_update_slot("iris-rg", "iris", "staging", body).result()

        plan = planned(azure)
        remove(plan, azure.clients, RunContext(sleep=lambda _: None))

        assert ["staging"] == [field.before for field in plan.changes[0].fields]
        assert set() == left(azure)

    def test_leaves_nothing_of_one_with_a_slot_and_telemetry(self, azure: Azure) -> None:
        """App, slot and identity, the component with its role, the workspace under it, and the group last."""
        deployed: dict[str, Any] = {"slot_name": "staging", **TELEMETRY}
        azure.apply(azure.plan(**deployed))  # the first run makes the app itself
        azure.apply(azure.plan(**deployed))
        there = left(azure)
        azure.sandbox.journal.clear()

        plan = planned(azure)
        remove(plan, azure.clients, RunContext(sleep=lambda _: None))
        deleted = [name for method, name in azure.writes() if method == "DELETE"]

        assert {"staging", "iris-insights", "iris-logs"} < there
        assert ["staging"] == [field.before for field in plan.changes[0].fields]
        assert deleted.index("iris") < deleted.index("iris-insights") < deleted.index("iris-logs")
        assert "iris-rg" == deleted[-1]
        assert set() == left(azure)
        assert [] == assignments(azure)

    def test_keeps_what_was_logged_unless_told_otherwise(self, azure: Azure) -> None:
        """The component is only a door to the data: it goes, and a deployment makes it again on its workspace."""
        azure.apply(azure.plan(**TELEMETRY))

        removed(azure, with_data=False)

        assert {"iris-rg", "irisstorage", "iris-logs"} == left(azure)
        azure.apply(azure.plan(**TELEMETRY))
        assert not azure.plan(**TELEMETRY).has_changes

    @pytest.mark.parametrize("sees_all", [True, False])
    def test_leaves_a_workspace_to_other_components(self, azure: Azure, sees_all: bool) -> None:
        """One of another group, where the login sees it; one of this group without rights beyond it."""
        azure.apply(azure.plan(**TELEMETRY))
        group = "theirs" if sees_all else "iris-rg"
        component_on_our_workspace(azure, group)
        if not sees_all:
            path = f"^/subscriptions/{azure.sandbox.subscription_id}/providers/Microsoft.Insights/components$"
            denied: Any = {"error": {"code": "AuthorizationFailed", "message": "The client has no permission."}}
            azure.sandbox.faults.add(Fault(method="GET", path_pattern=path, status=403, body=denied))

        plan = planned(azure)
        remove(plan, azure.clients, RunContext(sleep=lambda _: None))

        reasons = {change.name: change.reason for change in plan.changes if change.action is Action.KEEP}
        assert reasons["iris-logs"] == "Application Insights components keep their data in it: `their-insights`"
        assert {"iris-rg", "iris-logs", "their-insights", group} == left(azure)

    def test_leaves_a_component_that_another_deployment_writes_to(self, azure: Azure) -> None:
        """Its role is seen; nothing of what it needs goes."""
        azure.apply(azure.plan(**TELEMETRY))
        twin = {"app_name": "twin", "identity_name": "twin-identity", **TELEMETRY}
        azure.apply(azure.plan(**twin))

        removed(azure)

        assert {"iris-insights", "iris-logs", "twin", "twin-identity"} < left(azure)
        assert not azure.plan(**twin).has_changes

    def test_of_one_app_of_two_leaves_the_other_whole(self, azure: Azure) -> None:
        """Two deployments that share a plan and a storage account: what both use stays with its data."""
        azure.apply(azure.plan())
        twin = {"app_name": "twin", "identity_name": "twin-identity"}
        azure.apply(azure.plan(**twin))

        removed(azure)

        assert {"iris-rg", "iris-plan", "irisstorage", "twin", "twin-identity"} == left(azure)
        assert not azure.plan(**twin).has_changes

    def test_with_rights_on_the_group_alone_removes_what_is_there(self, azure: Azure) -> None:
        """Neither the apps nor the roles of the whole subscription may be read: those of the group are."""
        azure.apply(azure.plan())
        denied: Any = {"error": {"code": "AuthorizationFailed", "message": "The client has no permission."}}
        group = azure.sandbox.subscription_id
        for path in (f"^/subscriptions/{group}/providers/Microsoft.{rest}$" for rest in
                     ("Web/sites", "Authorization/roleAssignments")):  # fmt: skip
            azure.sandbox.faults.add(Fault(method="GET", path_pattern=path, status=403, body=denied, times=1))

        plan = planned(azure)
        remove(plan, azure.clients, RunContext(sleep=lambda _: None))

        assert {"of iris-identity outside of the group"} == {c.name for c in plan.changes if c.action is Action.KEEP}
        assert set() == left(azure)
        assert 1 == len(assignments(azure))


def with_a_slot(azure: Azure, name: str = "pr-12") -> None:
    """An app and one slot of it, as two runs of `deploy` make them."""
    azure.apply(azure.plan(digit="a"))
    azure.apply(azure.plan(digit="b", slot_name=name))
    azure.sandbox.journal.clear()


@pytest.mark.exhaustive
class TestASlot:
    def test_goes_alone(self, azure: Azure, tmp_path: Path) -> None:
        """`slot-name`: the app, its identity, its roles and its plan stay, and deploying to the app changes nothing."""
        with_a_slot(azure)
        before, held = left(azure), assignments(azure)

        shown = door(azure, tmp_path, mode="plan-destroy", slot_name="pr-12")
        writes = azure.writes()
        run = door(azure, tmp_path, mode="destroy", slot_name="pr-12")

        assert (0, 0) == (shown.code, run.code), shown.log + run.log
        assert [] == writes
        [slot, (method, tag)] = azure.writes()
        assert (("DELETE", "pr-12"), "DELETE") == (slot, method)
        assert tag.startswith("live-")
        assert (before - {"pr-12"}, held) == (left(azure), assignments(azure))
        assert not azure.plan(digit="a").has_changes
        assert shown.outputs["plan"] == run.outputs["plan"]
        assert ("true", "true") == (run.outputs["has-changes"], run.outputs["changed"])
        assert "  - deployment slot iris/pr-12" in shown.log
        assert run.summary.startswith("## The slot `pr-12` of `iris` is removed")

    def test_that_is_not_there_leaves_everything(self, azure: Azure, tmp_path: Path) -> None:
        """Another name than that of the slot: nothing to remove, and it is said why."""
        with_a_slot(azure)
        before = left(azure)

        run = door(azure, tmp_path, mode="destroy", slot_name="pr-13")

        assert run.code == 0, run.log
        assert [] == azure.writes()
        assert before == left(azure)
        assert ("false", "false") == (run.outputs["has-changes"], run.outputs["changed"])
        assert "it has no slot `pr-13`" in run.log
        assert "Nothing to remove." in run.log

    def test_of_an_app_that_is_not_there_is_nothing(self, azure: Azure) -> None:
        """Nor is one in a group that is not there."""
        assert () == planned(azure, slot_name="pr-12").changes

    def test_takes_the_roles_that_it_alone_has(self, azure: Azure) -> None:
        """Those of an identity that only the slot runs as. The identity stays, and a deployment gives them back."""
        azure.apply(azure.plan())
        held = set(assignments(azure))
        own: dict[str, Any] = {"slot_name": "pr-12", "identity_name": "pr-identity"}
        azure.apply(azure.plan(**own))
        assert held < set(assignments(azure))

        removed(azure, **own, with_data=False)

        assert held == set(assignments(azure))
        assert {"iris", "iris-identity", "pr-identity"} < left(azure)
        assert "pr-12" not in left(azure)
        azure.apply(azure.plan(**own))
        assert not azure.plan(**own).has_changes

    def test_goes_when_its_identity_has_gone_before(self, azure: Azure) -> None:
        """The slot still has the identity's id, and nothing is refused for it."""
        azure.apply(azure.plan())
        azure.apply(azure.plan(slot_name="pr-12", identity_name="pr-identity"))
        azure.clients.msi.user_assigned_identities.delete("iris-rg", "pr-identity")

        removed(azure, slot_name="pr-12", identity_name="pr-identity", with_data=False)

        assert "pr-12" not in left(azure)
        assert {"iris", "iris-identity"} < left(azure)

    def test_leaves_the_roles_of_an_identity_that_others_run_as(self, azure: Azure) -> None:
        """Another slot."""
        azure.apply(azure.plan())
        for name in ("pr-12", "pr-13"):
            azure.apply(azure.plan(slot_name=name, identity_name="pr-identity"))
        held = assignments(azure)

        removed(azure, slot_name="pr-12", identity_name="pr-identity", with_data=False)

        assert held == assignments(azure)
        assert {"iris", "pr-13"} < left(azure)

    def test_that_somebody_else_made_stays(self, azure: Azure) -> None:
        """Without our tag nothing goes."""
        azure.apply(azure.plan())
        plan_id = azure.clients.web.app_service_plans.get("iris-rg", "iris-plan").id
        body: Any = {"location": "westeurope", "properties": {"serverFarmId": plan_id, "reserved": True}}
        azure.clients.web.web_apps.begin_create_or_update_slot("iris-rg", "iris", "theirs", body).result()

        plan = planned(azure, slot_name="theirs")

        assert not plan.has_changes
        assert "this action did not create it" in plan.changes[0].reason

    def test_of_an_app_of_somebody_else_goes(self, azure: Azure) -> None:
        """The tag that counts is the slot's: an app that was adopted stays, as it always does."""
        with_a_slot(azure)
        app: Any = {"tags": {}}
        azure.clients.web.web_apps.update("iris-rg", "iris", app)

        removed(azure, slot_name="pr-12", with_data=False)

        assert "pr-12" not in left(azure)
        assert {"iris", "iris-identity"} < left(azure)


class TestAnInterruption:
    def test_before_each_deletion_is_gone_on_with(self, azure: Azure) -> None:
        """Deletions of each kind are refused in turn, and the next run goes on from there until nothing is left."""
        azure.apply(azure.plan(trigger=BLOB))
        refused: Any = {"error": {"code": "ScopeLocked", "message": "The scope is locked."}}
        told = []
        for kinds in (
            ("sites/iris$",),
            ("roleAssignments/", "serverfarms/"),
            ("Identities/", "serverfarms/", "irisdata$"),
            ("roups/iris-rg$",),
        ):
            for kind in kinds:
                azure.sandbox.faults.add(Fault(method="DELETE", path_pattern=kind, status=409, body=refused))
            with pytest.raises(ApplyIncomplete) as caught:
                removed(azure)
            told.append(str(caught.value).partition(":")[0])

        removed(azure)

        assert "Could not remove the function app `iris`" == told[0]
        assert "Could not remove the resource group `iris-rg`" == told[-1]
        assert set() == left(azure)
        assert [] == assignments(azure)

    def test_by_somebody_who_fills_the_group_again_leaves_it(self, azure: Azure) -> None:
        """The group is looked at again just before it goes: what came meanwhile is not deleted with it."""
        azure.apply(azure.plan())
        plan = planned(azure)
        body: Any = {"location": "westeurope"}
        azure.clients.msi.user_assigned_identities.create_or_update("iris-rg", "theirs", body)

        with pytest.raises(ApplyIncomplete, match="it holds `theirs`, which appeared after the plan"):
            remove(plan, azure.clients, RunContext(sleep=lambda _: None))

        assert {"iris-rg", "theirs"} == left(azure)


class TestTheDoor:
    def test_shows_then_removes_then_finds_nothing(self, azure: Azure, tmp_path: Path) -> None:
        """`plan-destroy` writes nothing; `destroy` does what it said; a second one has nothing to remove."""
        azure.apply(azure.plan())
        azure.sandbox.journal.clear()

        shown = door(azure, tmp_path, mode="plan-destroy", destroy_data="true")
        writes = azure.writes()
        done = door(azure, tmp_path, mode="destroy", destroy_data="true")
        again = door(azure, tmp_path, mode="destroy", destroy_data="true")

        assert [0, 0, 0] == [run.code for run in (shown, done, again)], shown.log + done.log + again.log
        assert [] == writes
        assert shown.outputs["plan"] == done.outputs["plan"]
        assert ["true", "true", "false"] == [run.outputs["has-changes"] for run in (shown, done, again)]
        assert ("true", "false") == (done.outputs["changed"], again.outputs["changed"])
        assert "  - function app iris" in shown.log
        assert shown.summary.startswith("## `iris` is planned to be removed; nothing was written")
        assert done.summary.startswith("## `iris` is removed")
        assert "Nothing to remove." in again.log
        assert set() == left(azure)

    def test_says_what_could_not_be_removed(self, azure: Azure, tmp_path: Path) -> None:
        """Exit code 7, the resource by name, and on the page what is gone."""
        azure.apply(azure.plan())
        refused: Any = {"error": {"code": "ScopeLocked", "message": "The scope is locked."}}
        azure.sandbox.faults.add(Fault(method="DELETE", path_pattern="serverfarms/", status=409, body=refused))

        run = door(azure, tmp_path, mode="destroy")

        assert run.code == 7, run.log
        assert "Could not remove the plan `iris-plan`" in run.errors[0]
        assert "| removed in" in run.summary
        assert "**not done**" in run.summary

    def test_needs_names_and_a_login_alone(self, tmp_path: Path) -> None:
        """Everything that is missing at once, and nothing of a model."""
        run = run_action(tmp_path, {"mode": "destroy"}, {})

        assert run.code == 2
        missing = {line.partition("::")[2].partition("::")[2].partition(":")[0] for line in run.errors}
        assert {"tenant-id", "client-id", "subscription-id", "resource-group", "app-name"} == missing
