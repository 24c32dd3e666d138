"""What blob and queue triggers work on, made and found again in the sandbox's Resource Manager with the real SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.faults import Fault
from functions_model.core.failures import PlanRefused
from functions_model.provision import Action
from support.sandbox_login import Azure, logged_in
from support.wanted import BLOB, QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONNECTION = "TriggerConnectionString"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with logged_in(tmp_path) as one:
        yield one


def settings(azure: Azure) -> dict[str, str]:
    """The app's settings for its trigger's connection."""
    every = azure.clients.web.web_apps.list_application_settings("iris-rg", "iris").properties or {}
    return {name: str(value) for name, value in every.items() if name.startswith(CONNECTION)}


class TestBlobs:
    def test_are_provisioned_and_then_kept(self, azure: Azure) -> None:
        """The first run makes account, containers, roles and settings; the second writes nothing."""
        azure.apply(azure.plan(trigger=BLOB))
        containers = [found.name for found in azure.clients.storage.blob_containers.list("iris-rg", "irisdata")]
        azure.sandbox.journal.clear()

        second = azure.plan(trigger=BLOB)
        azure.apply(second)

        assert ["input", "output"] == sorted(str(name) for name in containers)
        assert settings(azure)[f"{CONNECTION}__blobServiceUri"].startswith("https://")
        assert {Action.KEEP} == {change.action for change in second.changes}
        assert [] == azure.writes()


class TestQueues:
    def test_are_provisioned_and_then_kept(self, azure: Azure) -> None:
        """The first run waits for the namespace and makes its queues; the second writes nothing."""
        azure.apply(azure.plan(trigger=QUEUE))
        namespace = azure.clients.service_bus.namespaces.get("iris-rg", "iris-bus")
        queue = azure.clients.service_bus.queues.get("iris-rg", "iris-bus", "orders")
        azure.sandbox.journal.clear()

        second = azure.plan(trigger=QUEUE)
        azure.apply(second)

        assert "Succeeded" == namespace.provisioning_state
        assert settings(azure)[f"{CONNECTION}__fullyQualifiedNamespace"] in str(namespace.service_bus_endpoint)
        assert (300, 10) == (queue.lock_duration.total_seconds(), queue.max_delivery_count)
        assert {Action.KEEP} == {change.action for change in second.changes}
        assert [] == azure.writes()

    def test_take_the_place_of_blobs(self, azure: Azure) -> None:
        """A change of trigger is one write of the settings; the blob trigger's own are gone from them."""
        azure.apply(azure.plan(trigger=BLOB))
        azure.sandbox.journal.clear()

        azure.apply(azure.plan(trigger=QUEUE))

        assert {f"{CONNECTION}__{name}" for name in ("fullyQualifiedNamespace", "credential", "clientId")} == set(
            settings(azure)
        )
        assert 1 == azure.writes().count(("PUT", "appsettings"))

    def test_wait_for_a_namespace_that_is_busy(self, azure: Azure) -> None:
        """A conflict that passes by itself is waited out."""
        body: Any = {"error": {"code": "Conflict", "message": "SubCode=40901. Another conflicting operation."}}
        azure.sandbox.faults.add(Fault(method="PUT", path_pattern="queues/orders$", status=409, body=body, times=2))

        azure.apply(azure.plan(trigger=QUEUE))

        assert not azure.plan(trigger=QUEUE).has_changes

    def test_need_a_namespaces_name_of_their_own(self, azure: Azure) -> None:
        """A namespace of that name in another group is seen in the plan."""
        azure.apply(azure.plan(trigger=QUEUE))
        azure.sandbox.journal.clear()

        with pytest.raises(PlanRefused, match="Set `service-bus-namespace`"):
            azure.plan(trigger=QUEUE, resource_group="other-rg", app_name="other", storage_account="irisother")

        assert [] == azure.writes()

    def test_are_adopted_in_a_namespace_that_is_there(self, azure: Azure) -> None:
        """A queue with other limits is used as it is."""
        azure.apply(azure.plan())
        queue: Any = {"properties": {"lockDuration": "PT30S", "maxDeliveryCount": 3}}
        namespace: Any = {"location": "westeurope", "sku": {"name": "Basic", "tier": "Basic"}}
        azure.clients.service_bus.namespaces.begin_create_or_update("iris-rg", "iris-bus", namespace).result()
        azure.clients.service_bus.queues.create_or_update("iris-rg", "iris-bus", "orders", queue)

        plan = azure.plan(trigger=QUEUE)
        azure.apply(plan)
        made = {change.name: change.action for change in plan.changes if change.kind.startswith("Service Bus")}
        orders = azure.clients.service_bus.queues.get("iris-rg", "iris-bus", "orders")

        assert {"iris-bus": Action.KEEP, "orders": Action.KEEP, "answers": Action.CREATE} == made
        assert 3 == orders.max_delivery_count
