"""What is collected, as resources: container, role and settings; and an app that collects no more."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from functions_model.core.collect import Collect
from functions_model.core.failures import PlanRefused
from functions_model.core.spec import Access, BlobTrigger
from functions_model.provision import Action
from functions_model.provision.access.rights import missing_rights
from support.fake_arm import SUBSCRIPTION, FakeArm
from support.provisioning import applied, planned
from support.wanted import BLOB, REGISTRY, wanted

COLLECT = Collect({"model_inputs": 0.5}, "seen", "iris", "blue")
IN_OURS: dict[str, Any] = {"collect": COLLECT, "collect_storage_account": "irisstorage"}
ALONE: dict[str, Any] = {"collect": COLLECT, "collect_storage_account": "workspacestore"}
CONTRIBUTOR = "Storage Blob Data Contributor on seen"
NAMES = {f"FUNCTIONS_MODEL_COLLECT{end}" for end in ("", "_URL", "_CLIENT_ID")}


def made(arm: FakeArm | None = None, **target: Any) -> FakeArm:
    """A Resource Manager after a run."""
    arm = arm or FakeArm()
    applied(arm, planned(arm, **target))
    return arm


def changes(**target: Any) -> dict[str, Action]:
    return {f"{change.kind} {change.name}": change.action for change in planned(FakeArm(), **target).changes}


class TestThePlan:
    def test_has_the_container_in_our_account(self) -> None:
        """The identity owns all blobs there: no role is added."""
        found = changes(**IN_OURS)

        assert Action.CREATE == found["blob container seen"]
        assert len(wanted().roles) == len(wanted(**IN_OURS).roles)

    def test_has_account_container_and_role_of_another(self) -> None:
        """The role is on the container alone, and waits for it."""
        plan = planned(FakeArm(), **ALONE)
        role = next(change for change in plan.changes if change.name == CONTRIBUTOR)

        assert "blob container/workspacestore/seen" in role.depends_on
        scope = next(field.after for field in role.fields if field.name == "scope")
        assert str(scope).endswith("/storageAccounts/workspacestore/blobServices/default/containers/seen")
        assert {"storage account workspacestore", "blob container workspacestore/seen"} <= changes(**ALONE).keys()

    def test_says_where_to_look(self) -> None:
        """For an app that collects, and no other."""
        told = "below `modelDataCollector/iris/blue/`"

        assert [True, False] == [told in str(planned(FakeArm(), **target).notes) for target in (ALONE, {})]

    def test_asks_for_rights_where_something_is(self) -> None:
        """Of another group's account, not of the container to come."""
        shared = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shared"
        there = {"other_groups": {"collect-storage-account": "shared"}}
        arm = FakeArm()
        made(arm, resource_group="shared", collect_storage_account="workspacestore", collect=COLLECT)
        plan = planned(arm, **ALONE, **there)
        arm.asked.clear()

        missing_rights(plan, arm.clients())

        asked = {one.path.partition("/providers/Microsoft.Authorization")[0] for one in arm.asked}
        assert f"{shared}/providers/Microsoft.Storage/storageAccounts/workspacestore" in asked

    def test_names_the_settings_and_no_more(self) -> None:
        """A plan shows no value."""
        fields = {field.name for change in planned(FakeArm(), **IN_OURS).changes for field in change.fields}

        assert {f"app setting `{name}`" for name in NAMES} <= fields

    def test_keeps_collected_data_from_starting_the_function(self) -> None:
        """A blob trigger would score its own inputs, again and again."""
        loop: dict[str, Any] = {"collect": replace(COLLECT, container="input"), "collect_storage_account": "irisdata"}

        with pytest.raises(PlanRefused, match="collected data would, too") as caught:
            planned(FakeArm(), trigger=BLOB, **loop)

        assert ["collect-container"] == [problem.subject for problem in caught.value.problems]

    def test_may_have_the_container_of_the_answers(self) -> None:
        """One container, one change."""
        shared: dict[str, Any] = {
            "collect": replace(COLLECT, container="output"),
            "collect_storage_account": "irisdata",
        }

        found = changes(trigger=BlobTrigger("input/{name}", "output/{name}"), **shared)

        assert {"blob container input", "blob container output"} == {name for name in found if "container" in name}


class TestARun:
    @pytest.mark.parametrize("target", [IN_OURS, ALONE], ids=["ours", "alone"])
    def test_is_done_once(self, target: dict[str, Any]) -> None:
        """The second finds it so; in three rounds of looking, as ever."""
        arm = made(**target)

        assert not planned(arm, **target).has_changes

    def test_tells_the_app(self) -> None:
        """What is collected, where to, and as whom."""
        arm = made(**ALONE)

        assert json.loads(arm.settings["FUNCTIONS_MODEL_COLLECT"]) == {
            "collections": {"model_inputs": 0.5},
            "container": "seen",
            "folder": "modelDataCollector/iris/blue",
            "rolling": "hour",
            "source": f"{wanted().names.group_id}/providers/Microsoft.Web/sites/iris",
        }
        assert "https://workspacestore.blob." in arm.settings["FUNCTIONS_MODEL_COLLECT_URL"]
        assert arm.settings["AZURE_CLIENT_ID"] == arm.settings["FUNCTIONS_MODEL_COLLECT_CLIENT_ID"]

    def test_ends_it(self) -> None:
        """The settings go; the container and what is in it stay."""
        arm = made(**IN_OURS)
        made(arm)

        assert NAMES.isdisjoint(arm.settings)
        assert any(key.endswith("/containers/seen") for key in arm.resources)

    def test_by_keys(self) -> None:
        """The account's connection string, and no role; and back again."""
        keys: dict[str, Any] = {"registry": replace(REGISTRY, admin=True), "access": Access.KEYS}
        arm = made(**ALONE, **keys)

        assert "AccountName=workspacestore;" in arm.settings["FUNCTIONS_MODEL_COLLECT_CONNECTION"]
        assert "FUNCTIONS_MODEL_COLLECT_CLIENT_ID" not in arm.settings
        assert not planned(arm, **ALONE, **keys).has_changes
        made(arm, **ALONE)
        assert "FUNCTIONS_MODEL_COLLECT_CONNECTION" not in arm.settings
        assert "FUNCTIONS_MODEL_COLLECT_CLIENT_ID" in arm.settings
