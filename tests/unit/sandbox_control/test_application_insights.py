"""Application Insights and Log Analytics, as a client without a library asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cloud

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
        assert 200 == cloud.call("DELETE", path).status_code

    def test_has_a_name_of_four_characters_or_more(self, cloud: Cloud, group: str) -> None:
        """As the service says."""
        assert 400 == cloud.call("PUT", f"{group}/Microsoft.OperationalInsights/workspaces/abc", PLACE).status_code


class TestAComponent:
    def test_keeps_its_address(self, cloud: Cloud, group: str) -> None:
        """A second PUT answers with the same keys; the address names the region and the key."""
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
        assert "https://westeurope-0.in.applicationinsights" in properties["ConnectionString"]

    @pytest.mark.parametrize("properties", [{}, {"WorkspaceResourceId": "/subscriptions/x/nowhere"}])
    def test_needs_a_workspace(self, cloud: Cloud, group: str, properties: dict[str, str]) -> None:
        """Those with a storage of their own are made no longer."""
        path = f"{group}/Microsoft.Insights/components/alone"

        assert 400 == cloud.call("PUT", path, {**PLACE, "kind": "web", "properties": properties}).status_code
