"""What cannot carry the app, told before anything is touched: the words that people read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import PlanRefused
from support.fake_arm import FakeArm
from support.golden import matches_golden
from support.provisioning import applied, planned
from support.wanted import QUEUE

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden" / "refusals"


def of(arm: FakeArm, end: str) -> dict[str, Any]:
    """The live resource whose id ends so."""
    return next(value for key, value in arm.resources.items() if key.endswith(end.lower()))


def without(arm: FakeArm, end: str) -> None:
    arm.resources = {key: value for key, value in arm.resources.items() if not key.endswith(end.lower())}


def tier(name: str) -> Callable[[FakeArm], None]:
    def change(arm: FakeArm) -> None:
        without(arm, "/sites/iris")
        of(arm, "/iris-plan")["sku"]["tier"] = name

    return change


def windows(arm: FakeArm) -> None:
    without(arm, "/sites/iris")
    of(arm, "/iris-plan")["properties"]["reserved"] = False


def kind(text: str) -> Callable[[FakeArm], None]:
    def change(arm: FakeArm) -> None:
        of(arm, "/sites/iris")["kind"] = text

    return change


def plan_in_another_region(arm: FakeArm) -> None:
    without(arm, "/sites/iris")
    of(arm, "/iris-plan")["location"] = "North Europe"


def group_bound_to_windows(arm: FakeArm) -> None:
    for end in ("/sites/iris", "/iris-plan"):
        without(arm, end)
    message = (
        "Linux workers are not available in resource group iris-rg. Use this link to learn more "
        "https://aka.ms/LinuxWorkersNotAllowedInResourceGroup"
    )
    arm.validation = {
        "status": "Failure",
        "error": {"code": "LinuxWorkersNotAllowedInResourceGroup", "message": message},
    }


def no_quota(arm: FakeArm) -> None:
    group_bound_to_windows(arm)
    message = (
        "This region has quota of 0 ElasticPremium instances for your subscription. Try selecting different region or "
        "SKU."
    )
    arm.validation = {"status": "Failure", "error": {"code": "SubscriptionIsOverQuotaForSku", "message": message}}


def no_such_region(arm: FakeArm) -> None:
    arm.resources.clear()
    arm.regions = ("North Europe", "UK South")


def account_without_tables(arm: FakeArm) -> None:
    of(arm, "/irisstorage")["properties"]["primaryEndpoints"].pop("table")


def disabled_namespace(arm: FakeArm) -> None:
    of(arm, "/namespaces/iris-bus")["properties"]["status"] = "Disabled"


CASES: dict[str, tuple[Callable[[FakeArm], None], dict[str, Any]]] = {
    "windows-plan": (windows, {}),
    "consumption-plan": (tier("Dynamic"), {}),
    "flex-consumption-plan": (tier("FlexConsumption"), {}),
    "shared-plan": (tier("Shared"), {}),
    "free-plan": (tier("Free"), {}),
    "code-app": (kind("functionapp,linux"), {}),
    "web-app": (kind("app,linux,container"), {}),
    "app-on-another-plan": (lambda _: None, {"plan_name": "other"}),
    "plan-in-another-region": (plan_in_another_region, {}),
    "group-bound-to-windows": (group_bound_to_windows, {}),
    "no-quota": (no_quota, {}),
    "no-such-region": (no_such_region, {}),
    "other-family": (lambda _: None, {"plan_sku": "P1v3", "plan_sku_given": True}),
    "account-without-tables": (account_without_tables, {}),
    "disabled-namespace": (disabled_namespace, {"trigger": QUEUE}),
    "nothing-elsewhere": (lambda _: None, {"other_groups": {"identity-name": "shared"}}),
}


class TestARefusal:
    @pytest.mark.parametrize("case", CASES)
    def test_names_the_reason_and_the_way_out(self, case: str) -> None:
        """One golden file for each; nothing is written."""
        change, target = CASES[case]
        arm = FakeArm()
        applied(arm, planned(arm, **{key: value for key, value in target.items() if key == "trigger"}))
        change(arm)
        arm.asked.clear()

        with pytest.raises(PlanRefused) as caught:
            planned(arm, **target)

        assert matches_golden(GOLDEN / f"{case}.txt", str(caught.value))
        assert [] == arm.writes

    def test_is_not_made_for_an_app_that_lives_in_another_region(self) -> None:
        """An app that is there stays where it is, whatever `location` says; a group may be anywhere."""
        arm = FakeArm()
        applied(arm, planned(arm))
        of(arm, "/iris-plan")["location"] = "North Europe"
        of(arm, "/iris-rg")["location"] = "uksouth"

        assert not planned(arm).has_changes
