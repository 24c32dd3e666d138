"""Several subscriptions of one tenant, and one of another tenant."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.arm.authorization.definitions import CONTRIBUTOR, LOG_ANALYTICS_CONTRIBUTOR, READER
from azure_sandbox.arm.operations import Durations
from azure_sandbox.sandbox import Sandbox
from support.fake_data_plane import fake_data_plane
from unit.sandbox_control.conftest import open_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unit.sandbox_control.conftest import Cloud

GROUP = "resourceGroups/same"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
COMPONENT = f"{GROUP}/providers/Microsoft.Insights/components/insights"
PLAN = f"{GROUP}/providers/Microsoft.Web/serverfarms/plan"
SITE = f"{GROUP}/providers/Microsoft.Web/sites"
HERE: dict[str, Any] = {"location": "westeurope"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    durations = Durations(workspace_delete=30)
    with Sandbox(tmp_path_factory.mktemp("tenant"), data_plane=fake_data_plane, durations=durations) as sandbox:
        cloud = open_cloud(sandbox)
        yield cloud
        cloud.close()


@pytest.fixture(scope="module")
def hub(cloud: Cloud) -> str:
    """A second subscription of the same owner; the path of its id. Both have a group `same`."""
    path = f"/subscriptions/{cloud.sandbox.add_subscription('hub')}"
    for subscription in (cloud.subscription, path):
        assert 201 == cloud.call("PUT", f"{subscription}/{GROUP}", HERE).status_code
    return path


def refusal(cloud: Cloud, path: str, client: str) -> tuple[int, str]:
    answer = cloud.call("GET", path, token=cloud.token(client))
    return answer.status_code, answer.json()["error"]["code"]


def names(cloud: Cloud, path: str) -> list[str]:
    return [one["name"] for one in cloud.call("GET", path).json()["value"]]


def somebody(cloud: Cloud, *grants: tuple[str, str]) -> str:
    client = cloud.somebody()
    principal = cloud.sandbox.directory.principal_of_client(client)
    assert principal is not None
    for role, scope in grants:
        cloud.sandbox.roles.grant(principal.object_id, role, scope)
    return client


class TestVisible:
    def test_the_list_holds_those_with_a_role(self, cloud: Cloud, hub: str) -> None:
        """Be it at one resource of it; a subscription without one is not in the list."""
        client = somebody(cloud, (READER, f"{hub}/{REGISTRY}/hubregistry"))
        theirs = cloud.call("GET", "/subscriptions", token=cloud.token(client)).json()["value"]
        owned = cloud.call("GET", "/subscriptions").json()["value"]

        assert [(hub, "hub")] == [(one["id"], one["displayName"]) for one in theirs]
        assert [cloud.subscription, hub] == [one["id"] for one in owned]

    def test_whoever_has_no_role_is_refused_everything(self, cloud: Cloud, hub: str) -> None:
        """As for a subscription of one's own: a refusal, not an absence."""
        client = somebody(cloud, (CONTRIBUTOR, cloud.subscription))
        paths = (hub, f"{hub}/{REGISTRY}/hubregistry", f"{hub}/providers/Microsoft.ContainerRegistry/registries")

        assert {(403, "AuthorizationFailed")} == {refusal(cloud, path, client) for path in paths}

    def test_another_tenants_is_not_opened(self, cloud: Cloud) -> None:
        """The refusal names the tenant that it belongs to."""
        tenant = str(uuid.uuid4())
        theirs = cloud.sandbox.add_subscription("theirs", tenant=tenant)
        answer = cloud.call("GET", f"/subscriptions/{theirs}/{GROUP}")

        assert (401, "InvalidAuthenticationTokenTenant") == (answer.status_code, answer.json()["error"]["code"])
        assert f"It must match the tenant 'https://sts.windows.net/{tenant}/'" in answer.json()["error"]["message"]


class TestApart:
    def test_groups_and_lists(self, cloud: Cloud, hub: str) -> None:
        """Groups of one name are two groups; the lists of one subscription hold nothing of the other."""
        assert 201 == cloud.call("PUT", f"{hub}/{REGISTRY}/onlyhub", {**HERE, "sku": {"name": "Basic"}}).status_code
        kind = "providers/Microsoft.ContainerRegistry/registries"

        assert ["onlyhub"] == names(cloud, f"{hub}/{kind}")
        assert ["onlyhub"] == names(cloud, f"{hub}/{REGISTRY}")
        assert ["onlyhub"] == names(cloud, f"{hub}/resources")
        assert [] == names(cloud, f"{cloud.subscription}/{REGISTRY}")
        assert ["sandboxregistry"] == names(cloud, f"{cloud.subscription}/{kind}")
        assert ["same"] == names(cloud, f"{hub}/resourceGroups")

    def test_a_group_goes_alone(self, cloud: Cloud, hub: str) -> None:
        """Deleting a group leaves the group of that name in the other subscription, and what is in it."""
        identity = "resourceGroups/going/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
        for subscription in (cloud.subscription, hub):
            assert 201 == cloud.call("PUT", f"{subscription}/resourceGroups/going", HERE).status_code
            assert 201 == cloud.call("PUT", f"{subscription}/{identity}", HERE).status_code
        assert 202 == cloud.call("DELETE", f"{cloud.subscription}/resourceGroups/going").status_code

        assert 200 == cloud.call("GET", f"{hub}/{identity}").status_code
        assert 404 == cloud.call("GET", f"{cloud.subscription}/{identity}").status_code

    def test_names_are_taken_in_all_of_them(self, cloud: Cloud, hub: str) -> None:
        """What has an address of its own has it once."""
        registry = {**HERE, "sku": {"name": "Basic"}}
        account = {**HERE, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
        path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/oneaccount"
        assert 202 == cloud.call("PUT", f"{hub}/{path}", account).status_code
        taken = cloud.call("PUT", f"{cloud.subscription}/{path}", account)

        assert 409 == cloud.call("PUT", f"{hub}/{REGISTRY}/sandboxregistry", registry).status_code
        assert (409, "StorageAccountAlreadyTaken") == (taken.status_code, taken.json()["error"]["code"])

    def test_providers_are_registered_in_each(self, cloud: Cloud, hub: str) -> None:
        """What one subscription has registered says nothing of the other."""
        cloud.sandbox.arm.subscriptions.get(hub.rpartition("/")[2]).providers.unregister("Microsoft.Web")
        plan = {**HERE, "sku": {"name": "EP1"}, "properties": {"reserved": True}}
        refused = cloud.call("PUT", f"{hub}/{PLAN}", plan)
        made = cloud.call("PUT", f"{cloud.subscription}/{PLAN}", plan)
        assert 200 == cloud.call("POST", f"{hub}/providers/Microsoft.Web/register").status_code

        assert (409, "MissingSubscriptionRegistration") == (refused.status_code, refused.json()["error"]["code"])
        assert 200 == made.status_code

    def test_a_role_assignment_is_removed_at_its_own_scope(self, cloud: Cloud, hub: str) -> None:
        """Its name below another subscription names nothing."""
        name = f"providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        principal = cloud.sandbox.directory.principal_of_client(cloud.somebody())
        assert principal is not None
        grant = {"roleDefinitionId": f"/x/{READER}", "principalId": principal.object_id}
        made = cloud.call("PUT", f"{hub}/{GROUP}/{name}", {"properties": grant})

        assert made.json()["properties"]["roleDefinitionId"].startswith(f"{hub}/")
        assert 404 == cloud.call("GET", f"{cloud.subscription}/{GROUP}/{name}").status_code
        assert 204 == cloud.call("DELETE", f"{cloud.subscription}/{GROUP}/{name}").status_code
        assert 200 == cloud.call("GET", f"{hub}/{GROUP}/{name}").status_code
        assert 200 == cloud.call("DELETE", f"{hub}/{GROUP}/{name}").status_code

    def test_an_operation_is_found_below_its_subscription(self, cloud: Cloud, hub: str) -> None:
        """The polling URL of one subscription, moved below the other, is not found."""
        cloud.call("PUT", f"{hub}/{WORKSPACE}", HERE, version="2025-02-01")
        begun = cloud.call("DELETE", f"{hub}/{WORKSPACE}", version="2025-02-01")
        url = begun.headers["Location"]
        headers = {"Authorization": f"Bearer {cloud.token()}"}
        moved = url.replace(hub, cloud.subscription)

        assert [202, 404] == [cloud.session.get(one, headers=headers, timeout=10).status_code for one in (url, moved)]


class TestLinks:
    def test_a_component_reports_to_a_workspace_elsewhere(self, cloud: Cloud, hub: str) -> None:
        """Whoever makes it may take the workspace's keys; reading the workspace is not enough."""
        workspace = f"{hub}/{GROUP}/providers/Microsoft.OperationalInsights/workspaces/central"
        assert cloud.call("PUT", workspace, HERE, version="2025-02-01").ok
        body = {**HERE, "kind": "web", "properties": {"Application_Type": "web", "WorkspaceResourceId": workspace}}
        here = (CONTRIBUTOR, cloud.subscription)
        answers = [
            cloud.call(
                "PUT", f"{cloud.subscription}/{COMPONENT}", body, token=cloud.token(client), version="2020-02-02"
            )
            for client in (
                somebody(cloud, here),
                somebody(cloud, here, (READER, workspace)),
                somebody(cloud, here, (LOG_ANALYTICS_CONTRIBUTOR, workspace)),
            )
        ]

        assert [403, 403, 200] == [answer.status_code for answer in answers]
        assert {"LinkedAuthorizationFailed"} == {answer.json()["error"]["code"] for answer in answers[:2]}
        assert "InstrumentationKey=" in answers[2].json()["properties"]["ConnectionString"]

    def test_an_app_has_no_plan_elsewhere(self, cloud: Cloud, hub: str) -> None:
        """The plan is looked for in the app's own subscription."""
        plan = {**HERE, "sku": {"name": "EP1"}, "properties": {"reserved": True}}
        assert 200 == cloud.call("PUT", f"{hub}/{PLAN}2", plan).status_code
        body = {**HERE, "kind": "functionapp,linux,container", "properties": {"serverFarmId": f"{hub}/{PLAN}2"}}
        answer = cloud.call("PUT", f"{cloud.subscription}/{SITE}/apart", body)

        assert (404, "NotFound") == (answer.status_code, answer.json()["Code"])
