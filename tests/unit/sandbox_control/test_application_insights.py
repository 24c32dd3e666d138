"""Application Insights and Log Analytics, as a client without a library asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from unit.sandbox_control.conftest import Cloud

PLACE = {"location": "westeurope"}


@pytest.fixture
def group(cloud: Cloud) -> str:
    """The path of a group's providers."""
    cloud.new_group("monitor")
    return f"{cloud.subscription}/resourceGroups/monitor/providers"


class TestAWorkspace:
    def test_is_there_at_the_second_look(self, cloud: Cloud, group: str) -> None:
        """201 and `Creating` first; nothing but the resource tells when it is done."""
        path = f"{group}/Microsoft.OperationalInsights/workspaces/logs"
        made = cloud.call("PUT", path, {**PLACE, "properties": {"retentionInDays": 60}})
        looks = [cloud.call("GET", path).json()["properties"] for _ in range(2)]

        assert 201 == made.status_code
        assert ["Creating", "Succeeded"] == [look["provisioningState"] for look in looks]
        assert (60, "PerGB2018") == (looks[0]["retentionInDays"], looks[0]["sku"]["name"])

    def test_goes_by_a_polled_location(self, cloud: Cloud, group: str) -> None:
        """202 first; who polls is told that it is done, and a second deletion finds nothing."""
        path = f"{group}/Microsoft.OperationalInsights/workspaces/going"
        cloud.call("PUT", path, PLACE)

        accepted = cloud.call("DELETE", f"{path}?force=false")
        polled = cloud.session.get(
            accepted.headers["Location"], headers={"Authorization": f"Bearer {cloud.token()}"}, timeout=30
        )

        assert (202, 200) == (accepted.status_code, polled.status_code)
        assert (404, 204) == (cloud.call("GET", path).status_code, cloud.call("DELETE", path).status_code)

    def test_comes_back_when_it_is_made_again_in_its_place(self, cloud: Cloud, group: str) -> None:
        """Its name is kept for it, and for none in another region; `force` frees the name."""
        path, logs = f"{group}/Microsoft.OperationalInsights/workspaces/back", "Microsoft.OperationalInsights"
        first = cloud.call("PUT", path, PLACE).json()["properties"]["customerId"]
        cloud.call("DELETE", path)

        listed = cloud.call("GET", f"{group}/{logs}/deletedWorkspaces").json()["value"]
        elsewhere = cloud.call("PUT", path, {"location": "northeurope"})
        again = cloud.call("PUT", path, PLACE).json()["properties"]["customerId"]
        cloud.call("DELETE", f"{path}?force=true")
        moved = cloud.call("PUT", path, {"location": "northeurope"})

        assert "back" in {one["name"] for one in listed}
        assert (409, first) == (elsewhere.status_code, again)
        assert 201 == moved.status_code
        assert first != moved.json()["properties"]["customerId"]

    @pytest.mark.parametrize(("kind", "name"), [("Microsoft.OperationalInsights/workspaces", "held"),
                                                ("Microsoft.Insights/components", "held")])  # fmt: skip
    def test_and_a_component_are_deleted_with_the_right_to(
        self, cloud: Cloud, group: str, kind: str, name: str
    ) -> None:
        """A reader is refused, with the action by name."""
        token = cloud.token(cloud.somebody("Reader"))

        answer = cloud.call("DELETE", f"{group}/{kind}/{name}", token=token, version="2020-02-02")

        assert (403, "AuthorizationFailed") == (answer.status_code, answer.json()["error"]["code"])
        assert f"'{kind}/delete'" in answer.json()["error"]["message"]

    def test_has_a_name_of_four_characters_or_more(self, cloud: Cloud, group: str) -> None:
        """As the service says."""
        assert 400 == cloud.call("PUT", f"{group}/Microsoft.OperationalInsights/workspaces/abc", PLACE).status_code


class TestAComponent:
    def test_keeps_its_address(self, cloud: Cloud, group: str) -> None:
        """A second PUT answers with the same keys; the address is where telemetry is taken."""
        workspace, path = (
            f"{group}/Microsoft.OperationalInsights/workspaces/kept",
            f"{group}/Microsoft.Insights/components/app",
        )
        cloud.call("PUT", workspace, {**PLACE, "properties": {}})
        body = {**PLACE, "kind": "web", "properties": {"Application_Type": "web", "WorkspaceResourceId": workspace}}

        first, second = (cloud.call("PUT", path, body, version="2020-02-02") for _ in range(2))
        properties = first.json()["properties"]

        assert (200, 200) == (first.status_code, second.status_code)
        assert properties == second.json()["properties"]
        assert properties["ConnectionString"].startswith(f"InstrumentationKey={properties['InstrumentationKey']};")
        assert "IngestionEndpoint=https://localhost:" in properties["ConnectionString"]

    @pytest.mark.parametrize("properties", [{}, {"WorkspaceResourceId": "/subscriptions/x/nowhere"}])
    def test_needs_a_workspace(self, cloud: Cloud, group: str, properties: dict[str, str]) -> None:
        """Those with a storage of their own are made no longer."""
        path = f"{group}/Microsoft.Insights/components/alone"

        assert 400 == cloud.call("PUT", path, {**PLACE, "kind": "web", "properties": properties}).status_code
