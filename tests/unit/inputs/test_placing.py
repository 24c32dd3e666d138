"""Resources that may be in another group: a bare name, a group and a name, or a whole ARM id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.inputs.placing import IN_ANY_SUBSCRIPTION, PLACES
from functions_model.inputs.reading import read_inputs
from support.inputs import DEPLOY, GUID, problems

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.spec import Target

OTHER = GUID.replace("0a1b", "ffff")
BLOB = {"trigger": "blob", "input-path": "input/{name}"}
QUEUE = {"trigger": "service-bus-queue", "input-queue-name": "orders"}
BESIDE = {
    "data-storage-account": BLOB,
    "collect-storage-account": {"collect": "inputs"},
    "service-bus-namespace": QUEUE,
    "log-analytics-workspace": {"application-insights": "mine01"},
}
FIELDS = {
    "plan-name": "plan",
    "storage-account": "storage_account",
    "data-storage-account": "data_storage_account",
    "collect-storage-account": "collect_storage_account",
    "service-bus-namespace": "service_bus_namespace",
    "identity-name": "identity",
    "application-insights": "application_insights",
    "log-analytics-workspace": "log_analytics_workspace",
}


def target(workspace: Path, name: str, text: str) -> Target:
    """What the inputs make of one text."""
    found = read_inputs({**DEPLOY, **BESIDE.get(name, {}), name: text}, workspace=workspace).target
    assert found is not None
    return found


def arm_id(resource_type: str, subscription: str = GUID, group: str = "Shared-RG") -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{resource_type}/mine01"


class TestEachInput:
    @pytest.mark.parametrize("name", PLACES)
    def test_takes_a_bare_name(self, name: str, workspace: Path) -> None:
        """It means the app's own group."""
        found = target(workspace, name, "mine01")

        assert ("mine01", "rg-churn") == (
            getattr(found.resources, FIELDS[name]),
            found.resources.other_groups.get(name, found.names.group),
        )

    @pytest.mark.parametrize("name", PLACES)
    def test_takes_a_group_and_a_name(self, name: str, workspace: Path) -> None:
        """The group stays as it was written."""
        found = target(workspace, name, "Shared-RG/mine01")

        assert ("mine01", "Shared-RG") == (
            getattr(found.resources, FIELDS[name]),
            found.resources.other_groups.get(name, found.names.group),
        )

    @pytest.mark.parametrize("name", PLACES)
    def test_takes_a_whole_id(self, name: str, workspace: Path) -> None:
        """Case does not count in the id's fixed parts."""
        text = arm_id(PLACES[name][0]).replace("resourceGroups", "resourcegroups")

        found = target(workspace, name, text)

        assert ("mine01", "Shared-RG") == (
            getattr(found.resources, FIELDS[name]),
            found.resources.other_groups.get(name, found.names.group),
        )

    @pytest.mark.parametrize("name", sorted(PLACES.keys() - IN_ANY_SUBSCRIPTION))
    def test_refuses_another_subscription(self, name: str, workspace: Path) -> None:
        """The reason says which two."""
        given = {**DEPLOY, **BESIDE.get(name, {}), name: arm_id(PLACES[name][0], OTHER)}

        assert f"it is in the subscription `{OTHER}`, and the app in `{GUID}`" in problems(given, workspace)[name]

    @pytest.mark.parametrize("name", sorted(IN_ANY_SUBSCRIPTION))
    @pytest.mark.parametrize("group", ["Shared-RG", "rg-churn"])
    def test_takes_another_subscription_for_telemetry(self, name: str, group: str, workspace: Path) -> None:
        """A group that is called as the app's own is another one there."""
        found = target(workspace, name, arm_id(PLACES[name][0], OTHER.upper(), group))

        assert {name: OTHER} == found.resources.other_subscriptions
        assert f"/subscriptions/{OTHER}/resourceGroups/{group}" == found.resources.group_id_of(name, found.names)


class TestWhatIsNoPlace:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("shared/bad name", "`bad name` is not a hosting plan's name"),
            ("bad group/plan", "`bad group` is not a resource group's name"),
            ("/plan", "`/plan` is not an ARM id of one resource"),
            ("a/b/c", "`a/b` is not a resource group's name"),
            (arm_id("Microsoft.Web/sites"), "is the id of a `Microsoft.Web/sites`"),
        ],
    )
    def test_is_refused(self, text: str, words: str, workspace: Path) -> None:
        """The message names the part that is wrong."""
        assert words in problems({**DEPLOY, "plan-name": text}, workspace)["plan-name"]

    @pytest.mark.parametrize("name", sorted(IN_ANY_SUBSCRIPTION))
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (arm_id("Microsoft.Web/sites", OTHER), "is the id of a `Microsoft.Web/sites`. An id looks like `/subscri"),
            (f"/subscriptions/{OTHER}/resourceGroups/hub-rg", "is not an ARM id of one resource"),
            (arm_id("{type}", "mine"), "`mine` is not an id such as"),
        ],
    )
    def test_is_refused_of_another_subscription_too(self, name: str, text: str, words: str, workspace: Path) -> None:
        """With the form that is wanted."""
        given = {**DEPLOY, **BESIDE.get(name, {}), name: text.replace("{type}", PLACES[name][0])}

        assert words in problems(given, workspace)[name]

    def test_an_own_group_is_no_other_one(self, workspace: Path) -> None:
        """The app's own group, in whatever case, is the same as a bare name: what is missing there is made."""
        assert {} == target(workspace, "plan-name", "RG-Churn/mine").resources.other_groups

    def test_one_account_in_two_groups_is_refused(self, workspace: Path) -> None:
        """An account's name is unique, so that one of the two must be wrong."""
        given = {**DEPLOY, **BLOB, "storage-account": "shared/acct", "data-storage-account": "acct"}

        assert "Give `shared/acct` for both." in problems(given, workspace)["data-storage-account"]


class TestTelemetry:
    def test_derives_the_workspace(self, workspace: Path) -> None:
        """Of a long name the start is kept, with a hash: a workspace's name has 63 characters."""
        given = {**DEPLOY, "application-insights": "mine"}
        names = [read_inputs({**given, "app-name": app}, workspace=workspace).target for app in ("churn", "a" * 60)]

        assert ["churn-logs", 63] == [
            names[0] and names[0].resources.log_analytics_workspace,
            names[1] and len(names[1].resources.log_analytics_workspace),
        ]

    def test_refuses_a_workspace_alone(self, workspace: Path) -> None:
        """It would hold nothing."""
        found = problems({**DEPLOY, "log-analytics-workspace": "mine"}, workspace)

        assert "without `application-insights`" in found["log-analytics-workspace"]

    def test_refuses_two_addresses(self, workspace: Path) -> None:
        """A component of ours beside an app setting with another one's address."""
        given = {"application-insights": "mine", "app-settings": "ApplicationInsights_Connection_String=x"}

        assert "names a component itself" in problems({**DEPLOY, **given}, workspace)["application-insights"]
