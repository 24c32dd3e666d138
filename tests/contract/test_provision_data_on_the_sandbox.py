"""What blob and queue triggers work on, made and found again in the sandbox's Resource Manager with the real SDK."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.arm.operations import Durations
from azure_sandbox.faults import Fault
from azure_sandbox.sandbox import Sandbox
from functions_model.core.failures import PlanRefused
from functions_model.core.spec import Access, BlobTrigger, ServiceBusQueueTrigger
from functions_model.provision import Action
from support.fake_data_plane import fake_data_plane
from support.keys_registry import registry_with_admin
from support.sandbox_login import Azure, logged_in, logged_in_to
from support.wanted import BLOB, HTTP, QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions_model.core.spec import Trigger
    from functions_model.provision import ResourcePlan

pytestmark = pytest.mark.exhaustive

CONNECTION = "TriggerConnectionString"


@dataclass(frozen=True)
class Corner:
    """A resource group of its own in the sandbox that the whole module shares."""

    azure: Azure
    name: str

    def plan(self, trigger: Trigger, **changes: Any) -> ResourcePlan:
        """A plan whose every name that must be unique in all of Azure is this corner's."""
        target = {"app_name": self.name, "storage_account": f"{self.name}storage"}
        match trigger:
            case BlobTrigger():
                target["data_storage_account"] = f"{self.name}data"
            case ServiceBusQueueTrigger():
                target["service_bus_namespace"] = self.bus
        return self.azure.plan(trigger=trigger, **{**target, "resource_group": self.group, **changes})

    def apply(self, plan: ResourcePlan) -> None:
        self.azure.apply(plan)

    @property
    def group(self) -> str:
        return f"{self.name}-rg"

    @property
    def bus(self) -> str:
        return f"{self.name}-bus"

    @property
    def connection(self) -> dict[str, str]:
        """The app's settings for its trigger's connection."""
        found = self.azure.clients.web.web_apps.list_application_settings(self.group, self.name).properties or {}
        return {name: str(value) for name, value in found.items() if name.startswith(CONNECTION)}


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with logged_in(tmp_path_factory.mktemp("sandbox")) as one:
        yield one


@pytest.fixture
def corner(azure: Azure, request: pytest.FixtureRequest) -> Corner:
    azure.sandbox.journal.clear()
    return Corner(azure, f"iris{zlib.crc32(request.node.name.encode()):x}")


class TestBlobs:
    def test_are_provisioned_and_then_kept(self, corner: Corner) -> None:
        """The first run makes account, containers, roles and settings; the second writes nothing."""
        corner.apply(corner.plan(BLOB))
        containers = [
            found.name
            for found in corner.azure.clients.storage.blob_containers.list(corner.group, f"{corner.name}data")
        ]
        corner.azure.sandbox.journal.clear()

        second = corner.plan(BLOB)
        corner.apply(second)

        assert ["input", "output"] == sorted(str(name) for name in containers)
        assert corner.connection[f"{CONNECTION}__blobServiceUri"].startswith("https://")
        assert {Action.KEEP} == {change.action for change in second.changes}
        assert [] == corner.azure.writes()


class TestQueues:
    def test_are_provisioned_and_then_kept(self, corner: Corner) -> None:
        """The first run waits for the namespace and makes its queues; the second writes nothing."""
        corner.apply(corner.plan(QUEUE))
        namespace = corner.azure.clients.service_bus.namespaces.get(corner.group, corner.bus)
        queue = corner.azure.clients.service_bus.queues.get(corner.group, corner.bus, "orders")
        corner.azure.sandbox.journal.clear()

        second = corner.plan(QUEUE)
        corner.apply(second)

        assert "Succeeded" == namespace.provisioning_state
        assert corner.connection[f"{CONNECTION}__fullyQualifiedNamespace"] in str(namespace.service_bus_endpoint)
        assert (300, 10) == (queue.lock_duration.total_seconds(), queue.max_delivery_count)
        assert {Action.KEEP} == {change.action for change in second.changes}
        assert [] == corner.azure.writes()

    def test_are_not_waited_for_by_their_app(self, tmp_path: Path) -> None:
        """A namespace takes 45 s. Its address is known at once, and an app that listens goes on trying."""
        durations = Durations(service_bus=1.5)
        with (
            Sandbox(tmp_path, data_plane=fake_data_plane, durations=durations) as sandbox,
            logged_in_to(sandbox) as azure,
        ):
            corner = Corner(azure, "early")
            corner.apply(corner.plan(QUEUE))
            made = [name for method, name in azure.writes() if method == "PUT"]

            assert made.index("early") < made.index("orders")
            assert not corner.plan(QUEUE).has_changes

    def test_are_waited_for_where_the_app_needs_a_key(self, tmp_path: Path) -> None:
        """Its settings hold it."""
        durations = Durations(service_bus=0.5)
        with (
            Sandbox(tmp_path, data_plane=fake_data_plane, durations=durations) as sandbox,
            logged_in_to(sandbox, registry_with_admin(sandbox, "adminregistry")) as azure,
        ):
            corner = Corner(azure, "late")
            corner.apply(corner.plan(QUEUE, access=Access.KEYS))
            made = [name for method, name in azure.writes() if method == "PUT"]

            assert made.index("orders") < made.index("late")

    def test_take_the_place_of_blobs(self, corner: Corner) -> None:
        """A change of trigger is one write of the settings; the blob trigger's own are gone from them."""
        corner.apply(corner.plan(BLOB))
        corner.azure.sandbox.journal.clear()

        corner.apply(corner.plan(QUEUE))

        assert {f"{CONNECTION}__{name}" for name in ("fullyQualifiedNamespace", "credential", "clientId")} == set(
            corner.connection
        )
        assert 1 == corner.azure.writes().count(("PUT", "appsettings"))

    def test_wait_for_a_namespace_that_is_busy(self, corner: Corner) -> None:
        """A conflict that passes by itself is waited out."""
        body: Any = {"error": {"code": "Conflict", "message": "SubCode=40901. Another conflicting operation."}}
        corner.azure.sandbox.faults.add(
            Fault(method="PUT", path_pattern="queues/orders$", status=409, body=body, times=2)
        )

        corner.apply(corner.plan(QUEUE))

        assert not corner.plan(QUEUE).has_changes

    def test_need_a_namespaces_name_of_their_own(self, corner: Corner) -> None:
        """A namespace of that name in another group is seen in the plan."""
        corner.apply(corner.plan(QUEUE))
        corner.azure.sandbox.journal.clear()

        with pytest.raises(PlanRefused, match="Set `service-bus-namespace`"):
            corner.plan(QUEUE, resource_group="other-rg", app_name="other", storage_account="irisother")

        assert [] == corner.azure.writes()

    def test_are_adopted_in_a_namespace_that_is_there(self, corner: Corner) -> None:
        """A queue with other limits is used as it is."""
        corner.apply(corner.plan(HTTP))
        queue: Any = {"properties": {"lockDuration": "PT30S", "maxDeliveryCount": 3}}
        namespace: Any = {"location": "westeurope", "sku": {"name": "Basic", "tier": "Basic"}}
        corner.azure.clients.service_bus.namespaces.begin_create_or_update(corner.group, corner.bus, namespace).result()
        corner.azure.clients.service_bus.queues.create_or_update(corner.group, corner.bus, "orders", queue)

        plan = corner.plan(QUEUE)
        corner.apply(plan)
        made = {change.name: change.action for change in plan.changes if change.kind.startswith("Service Bus")}
        orders = corner.azure.clients.service_bus.queues.get(corner.group, corner.bus, "orders")

        assert {corner.bus: Action.KEEP, "orders": Action.KEEP, "answers": Action.CREATE} == made
        assert 3 == orders.max_delivery_count
