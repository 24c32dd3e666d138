"""Existing resources, used where and as they are, in the sandbox's Resource Manager with the real SDK."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from azure.mgmt.servicebus.models import SBQueue
from azure.mgmt.storage.models import BlobContainer

from azure_sandbox.faults import Fault
from functions_model.core.failures import PlanRefused
from functions_model.core.spec import BlobTrigger, ImageTarget, ServiceBusQueueTrigger
from functions_model.provision import find_registry
from support.sandbox_login import Azure, logged_in
from support.wanted import BLOB, HTTP, QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.core.spec import Trigger
    from functions_model.provision import ResourcePlan

REPOSITORY_READER = "b93aa761-3e63-49ed-ac28-beffa264f7ac"
METRICS_PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"
AUTOMATIC = {"location": "westeurope"}


@dataclass(frozen=True)
class Corner:
    """Names of its own in the sandbox that the whole module shares; `shared` is the other group."""

    azure: Azure
    name: str

    def plan(self, trigger: Trigger = HTTP, **changes: Any) -> ResourcePlan:
        names = {
            "resource_group": f"{self.name}-rg",
            "app_name": self.name,
            "plan_name": f"{self.name}-plan",
            "storage_account": f"{self.name}host",
            "identity_name": f"{self.name}-identity",
        }
        match trigger:
            case BlobTrigger():
                names["data_storage_account"] = f"{self.name}data"
            case ServiceBusQueueTrigger():
                names["service_bus_namespace"] = f"{self.name}-bus"
        return self.azure.plan(trigger=trigger, **{**names, **changes})

    def deploy(self, trigger: Trigger = HTTP, **changes: Any) -> None:
        self.azure.apply(self.plan(trigger, **changes))

    @property
    def shared(self) -> str:
        return f"{self.name}-shared"

    def make_shared(self) -> None:
        """A group with a plan, accounts, an identity and a namespace that somebody else made, each in its own way."""
        clients, group = self.azure.clients, self.shared
        clients.resource.resource_groups.create_or_update(group, AUTOMATIC)
        plan: Any = {**AUTOMATIC, "kind": "linux", "sku": {"name": "P1v3"}, "properties": {"reserved": True}}
        clients.web.app_service_plans.begin_create_or_update(group, f"{self.name}-plan", plan).result()
        for end, keys in (("host", True), ("data", False)):
            account: Any = {**AUTOMATIC, "sku": {"name": "Standard_GRS"}, "kind": "StorageV2"}
            account["properties"] = {"allowSharedKeyAccess": keys}
            clients.storage.storage_accounts.begin_create(group, f"{self.name}{end}", account).result()
        clients.storage.blob_containers.create(group, f"{self.name}data", "input", BlobContainer())
        clients.msi.user_assigned_identities.create_or_update(group, f"{self.name}-identity", AUTOMATIC)
        bus: Any = {**AUTOMATIC, "sku": {"name": "Premium", "capacity": 2}}
        clients.service_bus.namespaces.begin_create_or_update(group, f"{self.name}-bus", bus).result()
        clients.service_bus.queues.create_or_update(group, f"{self.name}-bus", "orders", SBQueue())

    def documents(self) -> dict[str, Any]:
        """Every resource of the shared group as it is, with what lies in it."""
        listed = self.azure.sandbox.arm.store.list(group=self.shared)
        return {str(one.id): one.wire() for one in listed}


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with logged_in(tmp_path_factory.mktemp("adoption")) as one:
        yield one


@pytest.fixture
def corner(azure: Azure, request: pytest.FixtureRequest) -> Corner:
    azure.sandbox.journal.clear()
    return Corner(azure, f"a{zlib.crc32(request.node.name.encode()):08x}")


class TestResourcesOfAnotherGroup:
    @pytest.mark.parametrize("trigger", [BLOB, QUEUE], ids=["blob", "queue"])
    def test_are_used_as_they_are(self, trigger: Trigger, corner: Corner) -> None:
        """Plan, accounts, identity, namespace, container and queue stay as others made them; what lacks is added."""
        corner.make_shared()
        before = corner.documents()
        names = ["plan-name", "storage-account", "identity-name"]
        names.append("data-storage-account" if trigger is BLOB else "service-bus-namespace")
        elsewhere = dict.fromkeys(names, corner.shared)

        corner.deploy(trigger, other_groups=elsewhere)
        after = {key: value for key, value in corner.documents().items() if key in before}
        site = corner.azure.clients.web.web_apps.get(f"{corner.name}-rg", corner.name)
        group = str(site.server_farm_id).split("/")[4]

        for document in (*before.values(), *after.values()):
            document["properties"].pop("numberOfSites", None)
        assert before == after
        assert corner.shared == group
        assert site.identity is not None
        assert [corner.shared] == [held.split("/")[4] for held in site.identity.user_assigned_identities or ()]
        assert not corner.plan(trigger, other_groups=elsewhere).has_changes

    def test_must_be_there(self, corner: Corner) -> None:
        """A group or resource that is not there is told, and nothing is made."""
        with pytest.raises(PlanRefused, match=r"there is no plan .* in the resource group `nowhere`"):
            corner.plan(other_groups={"plan-name": "nowhere"})

        assert [] == corner.azure.writes()

    @pytest.mark.parametrize(
        ("trigger", "end", "subject"),
        [(BLOB, "data", "data-storage-account"), (QUEUE, "-bus", "service-bus-namespace")],
    )
    def test_are_found_by_a_bare_name(self, trigger: Trigger, end: str, subject: str, corner: Corner) -> None:
        """The value to write is in the refusal of a name that is taken."""
        corner.make_shared()

        with pytest.raises(PlanRefused) as caught:
            corner.plan(trigger)

        assert f"Set `{subject}` to `{corner.shared}/{corner.name}{end}`" in str(caught.value)

    def test_of_somebody_else_are_told_apart(self, corner: Corner) -> None:
        """A name that the subscription does not have belongs to somebody else."""
        corner.azure.sandbox.arm.accounts.take_name(f"{corner.name}host")

        with pytest.raises(PlanRefused, match="belongs to somebody outside of the subscription"):
            corner.plan()


class TestRoomForAPlan:
    def test_is_asked_of_a_group_that_is_there(self, corner: Corner) -> None:
        """A group that had a Windows plan is refused before anything is written."""
        clients, group = corner.azure.clients, f"{corner.name}-rg"
        clients.resource.resource_groups.create_or_update(group, AUTOMATIC)
        plan: Any = {**AUTOMATIC, "sku": {"name": "P1v3"}, "properties": {"reserved": False}}
        clients.web.app_service_plans.begin_create_or_update(group, "theirs", plan).result()
        corner.azure.sandbox.journal.clear()

        with pytest.raises(PlanRefused, match=r"Linux workers are not available.*Use a new `resource-group`"):
            corner.plan()

        assert [] == corner.azure.writes()

    def test_is_asked_of_the_regions_otherwise(self, corner: Corner) -> None:
        """A region without the size is refused, with those that have it."""
        corner.azure.sandbox.arm.room.take_away("ElasticPremium", "italynorth")

        with pytest.raises(PlanRefused, match="the region `italynorth` has no Linux plans of the size EP1") as caught:
            corner.plan(location="italynorth")

        assert "italynorth, " not in str(caught.value).partition("to one of")[2]
        assert corner.plan(location="italynorth", plan_sku="B1").has_changes

    def test_is_not_asked_by_a_login_of_one_group(self, corner: Corner) -> None:
        """What it may not ask, the write will tell."""
        fault = Fault(method="GET", path_pattern="/geoRegions", status=403)
        corner.azure.sandbox.faults.add(fault)

        assert corner.plan().has_changes


class TestTheSizeOfAPlan:
    def test_is_changed_to_what_was_asked_for(self, corner: Corner) -> None:
        """One write of the plan, and the next run finds it so."""
        corner.deploy()
        corner.azure.sandbox.journal.clear()
        asked: dict[str, Any] = {"plan_sku": "EP2", "plan_sku_given": True, "plan_minimum": 2, "plan_maximum": 5}

        corner.deploy(**asked)
        plan = corner.azure.clients.web.app_service_plans.get(f"{corner.name}-rg", f"{corner.name}-plan")

        assert [("PUT", f"{corner.name}-plan")] == corner.azure.writes()
        assert plan.sku is not None
        assert ("EP2", 2, 5) == (plan.sku.name, plan.sku.capacity, plan.maximum_elastic_worker_count)
        assert {"managed-by": "functions-model-action"}.items() <= (plan.tags or {}).items()
        assert not corner.plan(**asked).has_changes


class TestApplicationInsights:
    def test_is_made_once_and_written_to_by_identity(self, corner: Corner) -> None:
        """A workspace, a component on it, the role on the component, and the two settings; then nothing any more."""
        asked: dict[str, Any] = {
            "application_insights": f"{corner.name}-insights",
            "log_analytics_workspace": f"{corner.name}-logs",
        }

        corner.deploy(**asked)
        component = corner.azure.sandbox.arm.store.list(resource_type="Microsoft.Insights/components")[-1]
        found = corner.azure.clients.web.web_apps.list_application_settings(f"{corner.name}-rg", corner.name)
        settings = found.properties or {}
        identity = corner.azure.clients.msi.user_assigned_identities.get(f"{corner.name}-rg", f"{corner.name}-identity")

        assert component.properties["WorkspaceResourceId"].endswith(f"/{corner.name}-logs")
        assert component.properties["ConnectionString"] == settings["APPLICATIONINSIGHTS_CONNECTION_STRING"]
        assert (
            f"ClientId={identity.client_id};Authorization=AAD"
            == (settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"])
        )
        assert {METRICS_PUBLISHER} == corner.azure.sandbox.roles.roles(identity.principal_id, str(component.id))
        assert not corner.plan(**asked).has_changes


class TestTheRequests:
    def test_of_a_second_run_are_the_same_for_bare_names(self, corner: Corner) -> None:
        """Nothing is looked up that is there under a bare name."""
        corner.deploy()
        corner.azure.sandbox.journal.clear()

        corner.plan()
        asked = [entry.path.partition("?")[0] for entry in corner.azure.sandbox.journal.entries("arm")]

        assert len(asked) <= 7
        assert [] == [path for path in asked if path.endswith(("/resources", "/validate", "/geoRegions"))]


class TestARegistryInAbacMode:
    def test_gets_the_role_that_it_honours(self, corner: Corner) -> None:
        """The app's identity becomes a reader of its repositories; AcrPull would count for nothing there."""
        clients, name = corner.azure.clients, f"{corner.name}registry"
        clients.resource.resource_groups.create_or_update(corner.shared, AUTOMATIC)
        properties = {"roleAssignmentMode": "AbacRepositoryPermissions"}
        body = {**AUTOMATIC, "sku": {"name": "Premium"}, "properties": properties}
        made = clients.registries.registries.begin_create(corner.shared, name, body).result()
        there = Corner(
            replace(corner.azure, registry=find_registry(clients, ImageTarget("", "package", registry_name=name))),
            corner.name,
        )

        there.deploy()
        identity = clients.msi.user_assigned_identities.get(f"{corner.name}-rg", f"{corner.name}-identity")

        assert {REPOSITORY_READER} == corner.azure.sandbox.roles.roles(identity.principal_id, str(made.id))
        assert not there.plan().has_changes
