"""Which versions of its interfaces a cloud knows, and what a version lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from azure_sandbox.arm.errors import ArmError
from azure_sandbox.arm.messages import ArmRequest, ArmResponse
from azure_sandbox.arm.routing import GROUP, SUBSCRIPTION, ArmRoute
from azure_sandbox.arm.versions import CLOUDS, Versions

if TYPE_CHECKING:
    from unit.sandbox_control.conftest import Cloud

WEB, STORAGE = f"{GROUP}/providers/Microsoft.Web", f"{GROUP}/providers/Microsoft.Storage"
STORAGE_PIN, WEB_PIN = "2025-08-01", "2023-12-01"
"""hashicorp/terraform-provider-azurerm 5.2.0, internal/services: storage/client/client.go:9 and
appservice/client/client.go:13."""


def refusal(cloud: str, template: str, version: str, **body: object) -> tuple[int, str, str]:
    """What a cloud says to a request; empty when it takes it."""
    values = {"group": "one"} if "{group}" in template else {}
    request = ArmRequest("PUT", "/", {"api-version": version}, "", body or None, "", values=values)
    try:
        Versions(cloud).check(request, ArmRoute("PUT", template, lambda _: ArmResponse(200)))
    except ArmError as error:
        return error.status, error.code, error.message
    return 0, "", ""


class TestAVersion:
    @pytest.mark.parametrize("cloud", CLOUDS[1:])
    def test_in_other_clouds_is_the_one_that_terraform_pins(self, cloud: str) -> None:
        """Older ones are taken, too; the public cloud has the newest of the SDK."""
        template = f"{STORAGE}/storageAccounts/{{name}}"
        newest = [refusal(one, template, "2026-09-01")[1] for one in ("AzureCloud", cloud)]
        taken = [refusal(cloud, template, version)[1] for version in (STORAGE_PIN, "2019-06-01", "2020-08-01-preview")]

        assert ["", "NoRegisteredProviderFound"] == newest
        assert ["", "", ""] == taken

    @pytest.mark.parametrize(
        ("template", "status", "code", "words"),
        [
            (
                f"{STORAGE}/storageAccounts/{{name}}",
                400,
                "NoRegisteredProviderFound",
                "No registered resource provider found for location 'usgovvirginia' and API version '2099-01-01' for ",
            ),
            (
                f"{SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability",
                404,
                "InvalidResourceType",
                "The resource type 'checkNameAvailability' could not be found in the namespace 'Microsoft.Storage'",
            ),
            (
                f"{SUBSCRIPTION}/resources",
                400,
                "InvalidApiVersionParameter",
                "The api-version '2099-01-01' is invalid. The supported versions are '2023-07-01'.",
            ),
        ],
        ids=["below-a-group", "below-a-subscription", "of-the-resource-manager"],
    )
    def test_that_is_not_known_is_refused(self, template: str, status: int, code: str, words: str) -> None:
        """Where it is asked for decides about status and code."""
        told = refusal("AzureUSGovernment", template, "2099-01-01", location="usgovvirginia")

        assert (status, code) == told[:2]
        assert told[2].startswith(words)
        assert " are '20" in told[2]

    def test_is_checked_for_every_request(self, cloud: Cloud) -> None:
        """Also of the public cloud, and on the wire."""
        answer = cloud.call("GET", f"{cloud.subscription}/resources", version="2099-01-01")

        assert (400, "InvalidApiVersionParameter") == (answer.status_code, answer.json()["error"]["code"])


class TestMembers:
    def test_that_came_later_are_refused(self) -> None:
        """With the version that has them they are taken."""
        template = f"{WEB}/sites/{{name}}"
        told = [
            refusal("AzureCloud", template, version, properties={"outboundVnetRouting": {}})[1]
            for version in (WEB_PIN, "2025-05-01")
        ]

        assert ["InvalidRequestContent", ""] == told

    def test_that_came_later_are_not_shown(self, cloud: Cloud) -> None:
        """A registry's mode is not told to who asks in an old version."""
        path = cloud.sandbox.arm.store.list(resource_type="Microsoft.ContainerRegistry/registries")[0].id
        modes = [
            cloud.call("GET", str(path), version=version).json()["properties"].get("roleAssignmentMode")
            for version in ("2023-07-01", "2025-11-01")
        ]

        assert [None, "LegacyRegistryPermissions"] == modes
