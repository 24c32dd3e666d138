"""Where a plan would be made: `validate` and `geoRegions`, through the Azure SDK's own client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError

if TYPE_CHECKING:
    from unit.sandbox_control.conftest import Clients, Cloud

REGION = "northeurope"
LINUX = {"location": REGION, "sku": {"name": "EP1"}, "properties": {"reserved": True}}
WINDOWS = {"location": REGION, "sku": {"name": "P1v3"}, "properties": {"reserved": False}}


def asked(clients: Clients, group: str, **properties: Any) -> tuple[str, str]:
    """What `validate` says of a Linux plan: its status, and the code of a refusal."""
    given = {"skuName": "EP1", "needLinuxWorkers": True, "capacity": 1, **properties}
    answer = clients.web.validate(
        group, {"name": "plan", "type": "ServerFarm", "location": REGION, "properties": given}
    )
    return str(answer.status), str(answer.error.code) if answer.error else ""


class TestAGroup:
    def test_takes_a_plan(self, cloud: Cloud, clients: Clients) -> None:
        """A new one has room for Linux."""
        cloud.new_group("free")

        assert ("Success", "") == asked(clients, "free")

    def test_is_bound_by_a_windows_plan(self, cloud: Cloud, clients: Clients) -> None:
        """Linux plans are refused there from then on, in that region, even when the Windows plan is gone."""
        cloud.new_group("bound")
        clients.web.app_service_plans.begin_create_or_update("bound", "theirs", WINDOWS).result()
        clients.web.app_service_plans.delete("bound", "theirs")

        with pytest.raises(
            HttpResponseError, match="Linux workers are not available in resource group bound"
        ) as caught:
            clients.web.app_service_plans.begin_create_or_update("bound", "plan", LINUX)
        elsewhere = {**LINUX, "location": "westeurope"}

        assert 400 == caught.value.status_code
        assert ("Failure", "LinuxWorkersNotAllowedInResourceGroup") == asked(clients, "bound")
        assert ("Success", "") == asked(clients, "bound", needLinuxWorkers=False)
        assert clients.web.app_service_plans.begin_create_or_update("bound", "other", elsewhere).result().reserved

    def test_holds_no_second_plan_of_a_name(self, cloud: Cloud, clients: Clients) -> None:
        """The question is about a new plan."""
        cloud.new_group("full")
        clients.web.app_service_plans.begin_create_or_update("full", "plan", LINUX).result()

        assert ("Failure", "ServerFarmAlreadyExists") == asked(clients, "full")


class TestARegion:
    def test_without_the_tier_is_left_out(self, cloud: Cloud, clients: Clients) -> None:
        """The list is of the regions that have it, by the names that people see."""
        cloud.sandbox.arm.room.take_away("ElasticPremium", "uaenorth")

        elastic = [
            region.name for region in clients.web.list_geo_regions(sku="ElasticPremium", linux_workers_enabled=True)
        ]
        basic = [region.name for region in clients.web.list_geo_regions(sku="Basic")]

        assert {"UAE North"} == {*basic} - {*elastic}

    def test_without_the_tier_refuses_a_plan(self, cloud: Cloud, clients: Clients) -> None:
        """A quota comes as 401, and as a failure of the validation."""
        cloud.new_group("poor")
        cloud.sandbox.arm.room.take_away("PremiumV3", REGION)
        body = {**LINUX, "sku": {"name": "P1v3"}}

        with pytest.raises(HttpResponseError, match="quota of 0 PremiumV3 instances") as caught:
            clients.web.app_service_plans.begin_create_or_update("poor", "plan", body)

        assert 401 == caught.value.status_code
        assert ("Failure", "SubscriptionIsOverQuotaForSku") == asked(clients, "poor", skuName="P1v3")
