"""The containers of a blob trigger: made when they are missing, otherwise left as they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.containers import containers_of, path_problems
from functions_model.provision.host import Kind, Look
from functions_model.provision.kinds import storage_account
from functions_model.provision.kinds.storage_account import ObservedAccounts, account_in
from functions_model.provision.nouns import BlobData
from functions_model.provision.observed import LiveApp, Piece

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.core.failures import Problem
    from functions_model.provision.containers import Container
    from functions_model.provision.host import Wanted, Writing
    from functions_model.provision.observed import Observed

KIND = "blob container"


@dataclass(frozen=True, slots=True)
class ObservedContainers(Piece):
    """The blob containers, of those wanted, that are there, by name."""

    names: frozenset[str] = frozenset()


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedContainers | None:
    """Those of the wanted containers that are there."""
    if not isinstance(wanted.data, BlobData) or account_in(seen, wanted.data.account) is None:
        return None
    account, names = wanted.data.account, [container.name for container in containers_of(wanted, seen)]
    group = wanted.group_of(storage_account.TYPE, account)
    with ThreadPoolExecutor(max_workers=len(names) or 1) as threads:
        there = list(threads.map(lambda name: _is_there(clients, group, account, name), names))
    return ObservedContainers(frozenset(name for name, yes in zip(names, there, strict=True) if yes))


def _is_there(clients: AzureClients, group: str, account: str, name: str) -> bool:
    try:
        clients.storage.blob_containers.get(resource_group_name=group, account_name=account, container_name=name)
    except ResourceNotFoundError:
        return False
    return True


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """Paths that cannot be filled in from app settings, or lead in a circle."""
    return path_problems(wanted, observed)


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create or keep each."""
    data = wanted.data
    if not isinstance(data, BlobData):
        return ()
    return tuple(_change(container, data.account, wanted, observed) for container in containers_of(wanted, observed))


def _change(container: Container, account: str, wanted: Wanted, observed: Observed) -> Change:
    account_id = wanted.id_of(storage_account.TYPE, account)
    # The id, and the link that is made of it, would show the value of a setting.
    resource_id = "" if container.is_secret else f"{account_id}/blobServices/default/containers/{container.name}"
    if container.name in observed.all_of(ObservedContainers).names:
        return Change(KIND, container.shown, Action.KEEP, resource_id=resource_id)
    fields = (FieldChange("storage account", None, account), FieldChange("public access", None, "off"))
    depends_on = (storage_account.key(account),)
    return Change(KIND, container.shown, Action.CREATE, fields, "it does not exist", depends_on, resource_id)


def write(writing: Writing, observed: Observed) -> None:
    """Create it, through Resource Manager: that takes no role on the account's data."""
    data = writing.wanted.data
    if not isinstance(data, BlobData):
        message = "a container needs a blob trigger"
        raise TypeError(message)
    containers = containers_of(writing.wanted, observed)
    container = next(container for container in containers if container.shown == writing.change.name)
    body: Any = {"properties": {"publicAccess": "None"}}
    writing.clients.storage.blob_containers.create(
        resource_group_name=writing.wanted.group_of(storage_account.TYPE, data.account),
        account_name=data.account,
        container_name=container.name,
        blob_container=body,
    )


def keys(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """What the app depends on."""
    return tuple(key_of(KIND, container.shown) for container in containers_of(wanted, observed))


BLOB_CONTAINER = Kind(
    KIND,
    difference,
    write,
    looks=(Look("blob containers", (ObservedContainers,), observe, needs=(ObservedAccounts, LiveApp)),),
    problems=problems,
)
