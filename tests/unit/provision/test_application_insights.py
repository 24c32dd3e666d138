"""Application Insights: made with its workspace when it is missing, and written to by the app's identity."""

from __future__ import annotations

from typing import Any

import pytest

from functions_model.core.failures import PlanRefused
from functions_model.core.spec import Access
from functions_model.provision import Action, RegistryResource
from support.fake_arm import SUBSCRIPTION, Answer, FakeArm
from support.provisioning import applied, as_text, planned
from support.wanted import REGISTRY

WANTED = {"application_insights": "iris-insights", "log_analytics_workspace": "iris-logs"}
CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
AUTHENTICATION = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"
PUBLISHER = "Monitoring Metrics Publisher on iris-insights"
KINDS = {"Log Analytics workspace", "Application Insights component"}


def made(**target: Any) -> FakeArm:
    """A Resource Manager after a first run."""
    arm = FakeArm()
    applied(arm, planned(arm, **{**WANTED, **target}))
    arm.asked.clear()
    return arm


def body_of(arm: FakeArm, end: str) -> dict[str, Any]:
    return next(value for key, value in arm.resources.items() if key.endswith(end))


def client_id(arm: FakeArm) -> str:
    return str(body_of(arm, "/iris-identity")["properties"]["clientId"])


class TestAFirstRun:
    def test_makes_a_component_on_a_workspace(self) -> None:
        """The component is of kind web and keeps its data in the workspace; both say who made them."""
        arm = made()
        component, workspace = body_of(arm, "/components/iris-insights"), body_of(arm, "/workspaces/iris-logs")

        assert "web" == component["kind"]
        assert workspace["id"] == component["properties"]["WorkspaceResourceId"]
        assert "PerGB2018" == workspace["properties"]["sku"]["name"]
        assert component["tags"] == workspace["tags"] == {"managed-by": "functions-model-action"}

    def test_lets_the_identity_write(self) -> None:
        """The app has the address and its identity the role; no key opens anything."""
        arm = made()

        assert "InstrumentationKey=iris-insights" == arm.settings[CONNECTION]
        assert f"ClientId={client_id(arm)};Authorization=AAD" == arm.settings[AUTHENTICATION]
        assert any("iris-insights/providers/microsoft.authorization" in key for key in arm.resources)

    def test_masks_the_address(self) -> None:
        """Whoever has it can send telemetry."""
        arm = FakeArm()
        masked: list[str] = []

        applied(arm, planned(arm, **WANTED), mask=masked.append)

        assert "InstrumentationKey=iris-insights" in masked
        assert "InstrumentationKey" not in as_text(planned(FakeArm(), **WANTED))

    def test_waits_for_the_workspace(self) -> None:
        """Its state is told by the resource alone."""
        arm = FakeArm()
        slept: list[float] = []
        first = planned(arm, **WANTED)
        path = (
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/iris-rg/providers/Microsoft.OperationalInsights/workspaces"
        )
        creating = Answer(201, {"id": f"{path}/iris-logs", "properties": {"provisioningState": "Creating"}})
        ready = Answer(200, {"id": f"{path}/iris-logs", "properties": {"provisioningState": "Succeeded"}})
        arm.fail("PUT", "/workspaces/iris-logs$", creating)
        arm.fail("GET", "/workspaces/iris-logs$", creating)
        arm.fail("GET", "/workspaces/iris-logs$", ready)

        applied(arm, first, sleep=slept.append)

        assert [2.0] == slept

    def test_registers_both_providers(self) -> None:
        """As with every other resource."""
        arm = FakeArm()
        arm.unregistered = {"microsoft.insights", "microsoft.operationalinsights"}

        applied(arm, planned(arm, **WANTED))

        assert set() == arm.unregistered


class TestASecondRun:
    def test_writes_nothing(self) -> None:
        """The component is found, and the workspace is not even asked for."""
        arm = made()

        second = planned(arm, **WANTED)

        assert not second.has_changes
        assert [] == [asked.path for asked in arm.asked if "/workspaces/" in asked.path]
        assert KINDS - {"Log Analytics workspace"} == KINDS & {change.kind for change in second.changes}

    def test_makes_the_component_that_a_stopped_one_left(self) -> None:
        """The workspace that is there is used."""
        arm = made()
        arm.resources = {key: value for key, value in arm.resources.items() if "/components/" not in key}

        second = planned(arm, **WANTED)
        applied(arm, second)

        assert [Action.KEEP, Action.CREATE] == [change.action for change in second.changes if change.kind in KINDS]
        assert not planned(arm, **WANTED).has_changes

    def test_leaves_what_it_no_longer_names(self) -> None:
        """Without the input, the settings are somebody's, and stay."""
        arm = made()

        assert not planned(arm).has_changes


class TestAComponentOfAnotherGroup:
    def test_is_used_where_it_is(self) -> None:
        """Neither it nor its workspace is made."""
        arm = made(resource_group="shared")
        arm.resources = {key: value for key, value in arm.resources.items() if key.endswith("/iris-insights")}
        elsewhere = {"application-insights": "shared"}

        applied(arm, planned(arm, **WANTED, other_groups=elsewhere))
        roles = [
            key
            for key in arm.resources
            if "/shared/providers/microsoft.insights/" in key and "/roleassignments/" in key
        ]

        assert [] == [key for key in arm.resources if "/workspaces/" in key]
        assert 1 == len(roles)
        assert not planned(arm, **WANTED, other_groups=elsewhere).has_changes

    @pytest.mark.parametrize("name", ["application-insights", "log-analytics-workspace"])
    def test_is_refused_when_it_is_not_there(self, name: str) -> None:
        """Nothing is made in another group."""
        with pytest.raises(PlanRefused, match="in the resource group `shared`") as caught:
            planned(FakeArm(), **WANTED, other_groups={name: "shared"})

        assert [name] == [problem.subject for problem in caught.value.problems]


class TestAccessByKeys:
    def test_needs_the_address_alone(self) -> None:
        """No role, no identity; and an identity that the app wrote with before is taken away."""
        registry = RegistryResource(REGISTRY.id, REGISTRY.login_server, admin=True)
        arm = made()

        keys = planned(arm, registry=registry, access=Access.KEYS, **WANTED)
        names = {field.name: field.after for change in keys.changes for field in change.fields}

        assert "removed" == names[f"app setting `{AUTHENTICATION}`"]
        assert f"app setting `{CONNECTION}`" not in names
        assert PUBLISHER not in {change.name for change in keys.changes if change.action is Action.CREATE}
