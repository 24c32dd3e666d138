"""Where a blob or queue trigger takes its input from and puts its answers, for who sends something through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from functions_model.azure.clients import AzureClients
from functions_model.core.blob_paths import BlobPath
from functions_model.core.failures import NotLive
from functions_model.provision.host import ResourcePlan, Wanted
from functions_model.provision.kinds import service_bus_namespace, storage_account
from functions_model.provision.kinds.blob_container import filled_paths
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.kinds.storage_account import account_in
from functions_model.provision.nouns import BlobData, QueueData
from functions_model.provision.observed import Observed
from functions_model.provision.settings import keys
from functions_model.provision.settings.connection_strings import Keys, ObservedKeys
from functions_model.provision.settings.trigger import CONNECTION, sets_connection


@dataclass(frozen=True, slots=True)
class DataPlace:
    """A storage account or a Service Bus namespace.

    Attributes:
        name: For people: "storage account `iris`".
        id: The ARM id.
        address: Of its blobs, or its host, as Resource Manager names it.
        keys: What opens it; None when the login itself does.
        paths: Of a blob trigger: where its input is and its answers go, without settings in them.
    """

    name: str
    id: str
    address: str
    keys: Keys | None
    paths: tuple[BlobPath, ...] = ()


def data_place(plan: ResourcePlan, clients: AzureClients, mask: Callable[[str], None]) -> DataPlace:
    """The place, looked up: the plan was applied, and may have made it.

    Args:
        plan: It has a blob or queue trigger.
        clients: Of the subscription.
        mask: Takes each key before it is used.

    Raises:
        NotLive: It is not there, or the app's trigger works on something that is not ours to know.
    """
    wanted, data = plan.wanted, plan.wanted.data
    if data is None:
        message = "an HTTP trigger has no data"
        raise ValueError(message)
    if not sets_connection(wanted, plan.observed):
        reason = f"the app setting `{CONNECTION}` is a connection string of your own, which may lead anywhere"
        raise _unknown(wanted, reason, "Leave `verify-trigger` out.")
    return _of_blobs(plan, data, clients, mask) if isinstance(data, BlobData) else _of_queues(plan, data, clients, mask)


def _of_blobs(plan: ResourcePlan, data: BlobData, clients: AzureClients, mask: Callable[[str], None]) -> DataPlace:
    now = plan.observed.having(storage_account.observe(clients, plan.wanted, plan.observed))
    account = account_in(now, data.account)
    name = f"{storage_account.KIND} `{data.account}`"
    if account is None:
        raise _gone(plan.wanted, name)
    opens = _keys(plan.wanted, now, storage_account.key(data.account), clients, mask)
    return DataPlace(name, account.id, account.blob, opens, filled_paths(plan.wanted, now))


def _of_queues(plan: ResourcePlan, data: QueueData, clients: AzureClients, mask: Callable[[str], None]) -> DataPlace:
    now = plan.observed.having(service_bus_namespace.observe(clients, plan.wanted, plan.observed))
    name = f"{service_bus_namespace.KIND} `{data.namespace}`"
    if (there := now.of(ObservedNamespace)) is None:
        raise _gone(plan.wanted, name)
    opens = _keys(plan.wanted, now, service_bus_namespace.key(data.namespace), clients, mask)
    return DataPlace(name, there.id, there.host, opens)


def _keys(wanted: Wanted, now: Observed, owner: str, clients: AzureClients, mask: Callable[[str], None]) -> Keys | None:
    return (
        keys.complete(clients, wanted, now, mask=mask).all_of(ObservedKeys).by_owner[owner] if wanted.by_keys else None
    )


def _gone(wanted: Wanted, name: str) -> NotLive:
    return _unknown(wanted, f"the {name} no longer exists", "Run again: missing resources are created.")


def _unknown(wanted: Wanted, reason: str, remedy: str) -> NotLive:
    return NotLive(f"prove the trigger of the function app `{wanted.names.app}`", reason, remedy)
