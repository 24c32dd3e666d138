"""Resource Manager itself: what it says of versions, sizes and regions. This makes a registry, and a plan if it may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from session import Azure

UNKNOWN, WEB = "2099-01-01", "2023-12-01"
REFUSALS = (
    ("below a group", "{below}/Microsoft.Storage/storageAccounts/realnone", 400, "NoRegisteredProviderFound"),
    ("below a subscription", "/providers/Microsoft.Storage/storageAccounts", 404, "InvalidResourceType"),
    ("of Resource Manager itself", "/resources", 400, "InvalidApiVersionParameter"),
)


@pytest.fixture(scope="module")
def below(azure: Azure) -> str:
    """The group's own path, up to its providers."""
    return f"/resourcegroups/{azure.group.name}/providers"


def code_of(answer: requests.Response) -> str:
    """The code in Azure's error body; of App Service's bodies, too."""
    body: dict[str, Any] = answer.json() if answer.content else {}
    return str(body.get("error", body).get("code", body.get("Code", "")))


class TestVersions:
    """An api-version that no cloud knows."""

    def test_is_refused(self, azure: Azure, below: str, observe: Callable[..., None]) -> None:
        """Where it is asked for decides about status and code."""
        for where, path, status, code in REFUSALS:
            answer = azure.arm.ask("GET", path.format(below=below), UNKNOWN)

            seen = [answer.status_code, code_of(answer)]
            observe(f"an unknown version {where}", believed=[status, code], seen=seen)


class TestRegions:
    """What is known of regions."""

    def test_a_provider_names_them_as_people_do(self, azure: Azure, observe: Callable[..., None]) -> None:
        """For each of its types."""
        told = azure.arm.do("GET", "/providers/Microsoft.Web", "2021-04-01")
        [sites] = [one for one in told["resourceTypes"] if one["resourceType"] == "sites"]

        observe("West Europe is a region of sites", believed=True, seen="West Europe" in sites["locations"])

    def test_one_that_there_is_none_of(self, azure: Azure, below: str, observe: Callable[..., None]) -> None:
        """`validate` refuses it as every write would."""
        plan = {"needLinuxWorkers": True, "skuName": "EP1", "capacity": 1}
        body = {"name": "real-none", "type": "Microsoft.Web/serverfarms", "location": "westeurop", "properties": plan}

        answer = azure.arm.ask("POST", f"{below}/Microsoft.Web/validate", WEB, body)

        code = "LocationNotAvailableForResourceType"
        observe("a region that is none", believed=[400, code], seen=[answer.status_code, code_of(answer)])


class TestPlans:
    """Sizes and tiers."""

    def test_a_size_with_another_tier(self, azure: Azure, below: str, observe: Callable[..., None]) -> None:
        """Nothing was found that says what Azure does; the sandbox is the stricter one."""
        path = f"{below}/Microsoft.Web/serverfarms/real-odd"
        body = {
            "location": azure.target.location,
            "sku": {"name": "B1", "tier": "Standard"},
            "properties": {"reserved": True},
        }

        answer = azure.arm.ask("PUT", path, WEB, body)

        azure.arm.ask("DELETE", path, WEB)
        observe("status of B1 with the tier Standard", believed=400, seen=answer.status_code)


class TestRegistries:
    """Where images go."""

    def test_their_suffix_is_told(self, azure: Azure, registry: str, observe: Callable[..., None]) -> None:
        """By Resource Manager, to anybody: it is the end of every login server."""
        url, trusted = f"{azure.target.resource_manager}/metadata/endpoints", azure.target.trusted
        told = requests.get(url, params={"api-version": "2022-09-01"}, verify=trusted, timeout=60).json()
        suffix = told["suffixes"]["acrLoginServer"]

        observe(
            "the login server ends with the suffix", believed=True, seen=registry.partition(":")[0].endswith(suffix)
        )
