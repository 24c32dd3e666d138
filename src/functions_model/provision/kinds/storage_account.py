"""The host storage account: made without shared keys and without public blobs; one that is there is used as it is."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_model.core.failures import Problem
from functions_model.provision.kinds import provider, resource_group
from functions_model.provision.nouns import Action, Change, FieldChange, key_of
from functions_model.provision.observed import ObservedName, ObservedStorage

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.provision.kind import Writing
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

KIND = "storage account"
TYPE = "Microsoft.Storage/storageAccounts"


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedStorage | None:  # noqa: ARG001
    """The account of that name, in the group."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        account = clients.storage.storage_accounts.get_properties(
            resource_group_name=wanted.group, account_name=wanted.storage_account
        )
    except ResourceNotFoundError:
        return None
    return _observed(account)


def observe_name(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedName | None:
    """Whether the name of an account that is to be made is free: it must be unique in all of Azure."""
    from azure.core.exceptions import HttpResponseError

    if seen.storage is not None:
        return None
    body: Any = {"name": wanted.storage_account, "type": TYPE}
    try:
        answer = clients.storage.storage_accounts.check_name_availability(account_name=body)
    except HttpResponseError as exc:
        if exc.status_code == 403:
            # A login whose rights end at the group may not ask this. The write will tell.
            return None
        raise
    return ObservedName("" if answer.name_available else str(answer.message or answer.reason or "it is taken"))


def _observed(account: Any) -> ObservedStorage:
    endpoints = account.primary_endpoints
    return ObservedStorage(
        id=str(account.id),
        blob=str((endpoints and endpoints.blob) or ""),
        queue=str((endpoints and endpoints.queue) or ""),
        table=str((endpoints and endpoints.table) or ""),
    )


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A name that is taken, or an account without queues or tables."""
    name = wanted.storage_account
    if observed.storage is None:
        if not (refusal := observed.storage_name.refusal):
            return ()
        what = f"the storage account `{name}` cannot be made: {refusal.rstrip('.')}"
        return (Problem(what, "Set `storage-account` to another name.", "storage-account"),)
    missing = [service for service in ("blob", "queue", "table") if not getattr(observed.storage, service)]
    if not missing:
        return ()
    what = f"the storage account `{name}` has no {' and no '.join(missing)} service, which the Functions host needs"
    return (Problem(what, "Set `storage-account` to a general-purpose account, or to a new name.", "storage-account"),)


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create or keep."""
    name = wanted.storage_account
    resource_id = wanted.id_of(TYPE, name)
    if observed.storage is not None:
        return (Change(KIND, name, Action.KEEP, resource_id=resource_id),)
    fields = (
        FieldChange("kind", None, "StorageV2"),
        FieldChange("replication", None, "Standard_LRS"),
        FieldChange("minimum TLS version", None, "1.2"),
        FieldChange("public blob access", None, "off"),
        FieldChange("shared-key access", None, "off"),
        FieldChange("location", None, wanted.location),
    )
    depends_on = (resource_group.key(wanted), *provider.keys(provider.STORAGE))
    return (Change(KIND, name, Action.CREATE, fields, "it does not exist", depends_on, resource_id),)


def write(writing: Writing, observed: Observed) -> ObservedStorage:
    """Create it and wait until it is there (about 17 s).

    A create that was answered 429 or 503 may have been done all the same; its retry then meets 409. So at a 409 the
    account is looked for in our own group first (https://github.com/Azure/azure-cli/issues/31148).
    """
    from azure.core.exceptions import ResourceExistsError

    wanted = writing.wanted
    body: Any = {
        "location": wanted.location,
        "tags": dict(wanted.tags),
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {
            "minimumTlsVersion": "TLS1_2",
            "allowBlobPublicAccess": False,
            "allowSharedKeyAccess": False,
            "supportsHttpsTrafficOnly": True,
        },
    }
    accounts = writing.clients.storage.storage_accounts
    try:
        poller = accounts.begin_create(
            resource_group_name=wanted.group, account_name=wanted.storage_account, parameters=body
        )
        return _observed(poller.result())
    except ResourceExistsError:
        if (ours := observe(writing.clients, wanted, observed)) is None:
            raise
        return ours


def key(wanted: Wanted) -> str:
    """What the app and the roles on the account depend on."""
    return key_of(KIND, wanted.storage_account)
