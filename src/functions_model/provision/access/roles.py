"""What the app's identity may do: the least that the host and the trigger need."""

from __future__ import annotations

from functions_model.core.spec import Target
from functions_model.provision.changes import key_of
from functions_model.provision.kinds import (
    application_insights,
    blob_container,
    service_bus_namespace,
    service_bus_queue,
    storage_account,
)
from functions_model.provision.nouns import BlobData, QueueData, RegistryResource, Role

ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
REPOSITORY_READER = "b93aa761-3e63-49ed-ac28-beffa264f7ac"
BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
TABLE_DATA_CONTRIBUTOR = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"
QUEUE_DATA_CONTRIBUTOR = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
ACCOUNT_CONTRIBUTOR = "17d1049b-9a84-46fb-8f53-869881c3d3ab"
SERVICE_BUS_RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"
SERVICE_BUS_SENDER = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"
METRICS_PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"
"""Role definitions: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles."""

NAMES = {
    ACR_PULL: "AcrPull",
    REPOSITORY_READER: "Container Registry Repository Reader",
    BLOB_DATA_CONTRIBUTOR: "Storage Blob Data Contributor",
    BLOB_DATA_OWNER: "Storage Blob Data Owner",
    TABLE_DATA_CONTRIBUTOR: "Storage Table Data Contributor",
    QUEUE_DATA_CONTRIBUTOR: "Storage Queue Data Contributor",
    ACCOUNT_CONTRIBUTOR: "Storage Account Contributor",
    SERVICE_BUS_RECEIVER: "Azure Service Bus Data Receiver",
    SERVICE_BUS_SENDER: "Azure Service Bus Data Sender",
    METRICS_PUBLISHER: "Monitoring Metrics Publisher",
}
"""As the portal shows them."""

_BLOB_OWNER = (NAMES[BLOB_DATA_OWNER], BLOB_DATA_OWNER)
_TABLE_CONTRIBUTOR = (NAMES[TABLE_DATA_CONTRIBUTOR], TABLE_DATA_CONTRIBUTOR)
_QUEUE_CONTRIBUTOR = (NAMES[QUEUE_DATA_CONTRIBUTOR], QUEUE_DATA_CONTRIBUTOR)
_ACCOUNT_CONTRIBUTOR = (NAMES[ACCOUNT_CONTRIBUTOR], ACCOUNT_CONTRIBUTOR)


def roles_for(target: Target, registry: RegistryResource, data: BlobData | QueueData | None) -> tuple[Role, ...]:
    """What the identity must hold, in a stable order: on the registry, on the host storage, on what the trigger needs.

    Then on what collected data goes to, and on what telemetry goes to.

    https://learn.microsoft.com/azure/azure-functions/functions-reference#grant-permission-to-the-identity lists them.
    """
    data_roles = _data_roles(target, data)
    of_writing = (*_collect_roles(target), *_telemetry_roles(target))
    return (_pull_role(registry), *_host_storage_roles(target, data), *data_roles, *of_writing)


def _pull_role(registry: RegistryResource) -> Role:
    name = registry.id.rpartition("/")[2]
    if registry.abac:
        return Role(NAMES[REPOSITORY_READER], REPOSITORY_READER, registry.id, name)
    return Role(NAMES[ACR_PULL], ACR_PULL, registry.id, name)


def _host_storage_roles(target: Target, data: BlobData | QueueData | None) -> tuple[Role, ...]:
    """The host keeps keys and locks in blobs, and its diagnostic events in a table.

    With a blob trigger it also keeps there, whatever account the trigger watches, which blobs were seen, and the queue
    of those to be scored:
    https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity.
    """
    more = (_ACCOUNT_CONTRIBUTOR, _QUEUE_CONTRIBUTOR) if isinstance(data, BlobData) else ()
    return _on_account(
        target, "storage-account", target.resources.storage_account, _BLOB_OWNER, _TABLE_CONTRIBUTOR, *more
    )


def _data_roles(target: Target, data: BlobData | QueueData | None) -> tuple[Role, ...]:
    match data:
        case None:
            return ()
        case BlobData():
            return _blob_roles(target, data)
        case QueueData():
            return _queue_roles(target, data)


def _blob_roles(target: Target, data: BlobData) -> tuple[Role, ...]:
    """What the blob extension needs at the account that it watches; the host storage account has it, when it is that.

    Its documents leave the last one out. Since 5.3.8 it has that account's writes logged, which takes
    `blobServices/write`; where it may not, 5.3.8 and 5.3.9 never see a blob that comes after their first look.
    (Azure/azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Blobs, docs/BlobTriggerPolling.md and
    CHANGELOG.md; azure-sdk-for-net#61660. Azure/azure-functions-host#11938 shows the request that is refused.)
    """
    if data.account == target.resources.storage_account:
        return ()
    needed = (_BLOB_OWNER, _QUEUE_CONTRIBUTOR, _ACCOUNT_CONTRIBUTOR)
    return _on_account(target, "data-storage-account", data.account, *needed)


def _collect_roles(target: Target) -> tuple[Role, ...]:
    """On the container alone. Of the host's account, and of a blob trigger's, the identity owns all blobs anyway.

    No built-in role may append and nothing else.
    """
    account = target.resources.collecting_alone
    if target.collect is None or not account:
        return ()
    container = target.collect.container
    account_id = f"{_group(target, 'collect-storage-account')}/providers/{storage_account.TYPE}/{account}"
    scope = blob_container.id_in(account_id, container)
    waits_for = key_of(blob_container.KIND, f"{account}/{container}")
    return (Role(NAMES[BLOB_DATA_CONTRIBUTOR], BLOB_DATA_CONTRIBUTOR, scope, container, waits_for),)


def _telemetry_roles(target: Target) -> tuple[Role, ...]:
    """Telemetry of every kind, in spite of the name.

    https://learn.microsoft.com/azure/azure-monitor/app/azure-ad-authentication.
    """
    name = target.resources.application_insights
    if name is None:
        return ()
    scope = f"{_group(target, 'application-insights')}/providers/{application_insights.TYPE}/{name}"
    waits_for = application_insights.key(name)
    return (Role(NAMES[METRICS_PUBLISHER], METRICS_PUBLISHER, scope, name, waits_for),)


def _on_account(target: Target, given: str, account: str, *roles: tuple[str, str]) -> tuple[Role, ...]:
    """Roles on the account that the input `given` names."""
    scope = f"{_group(target, given)}/providers/{storage_account.TYPE}/{account}"
    waits_for = storage_account.key(account)
    return tuple(Role(name, definition, scope, account, waits_for) for name, definition in roles)


def _queue_roles(target: Target, data: QueueData) -> tuple[Role, ...]:
    asked = [(NAMES[SERVICE_BUS_RECEIVER], SERVICE_BUS_RECEIVER, data.input_queue)]
    if data.output_queue is not None:
        asked.append((NAMES[SERVICE_BUS_SENDER], SERVICE_BUS_SENDER, data.output_queue))
    return tuple(_on_queue(target, data.namespace, queue, name, definition) for name, definition, queue in asked)


def _on_queue(target: Target, namespace: str, queue: str, name: str, definition: str) -> Role:
    """On the queue alone: other queues of a namespace that is shared stay closed.

    A queue with a slash in its name is the exception: Service Bus and Resource Manager call it by different names, so
    that a role on it alone does not count (https://github.com/MassTransit/MassTransit/issues/1758).
    """
    scope = f"{_group(target, 'service-bus-namespace')}/providers/{service_bus_namespace.TYPE}/{namespace}"
    if "/" in queue:
        return Role(name, definition, scope, namespace, service_bus_namespace.key(namespace))
    return Role(name, definition, f"{scope}/queues/{queue}", queue, service_bus_queue.key(queue))


def _group(target: Target, given: str) -> str:
    """ARM id of the resource group of what an input names."""
    return target.resources.group_id_of(given, target.names)
