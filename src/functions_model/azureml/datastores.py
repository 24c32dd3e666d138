"""From a datastore of a workspace to the blob container behind it, and to the key that the workspace keeps for it."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from azure.core.exceptions import HttpResponseError

from functions_model.azure import api_versions
from functions_model.azureml.arm import get_json, group_id, post_json, workspace_id
from functions_model.azureml.locations import BlobPath, UnknownLocation

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.azureml.locations import DatastorePath
    from functions_model.core.secrets import Secret

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER_FIELDS = {"AzureBlob": "containerName", "AzureDataLakeGen2": "filesystem"}
"""Datastores of blob storage, and the property that names the container. A file system of Data Lake is a container."""


@dataclass(frozen=True, slots=True)
class DatastoreSecret:
    """What a workspace keeps to reach a datastore.

    Attributes:
        account: The storage account's name.
        key: An account key; None when it keeps a signature.
        sas: A shared access signature, without a question mark; None when it keeps a key.
    """

    account: str
    key: Secret | None = None
    sas: Secret | None = None


def find_blobs(place: DatastorePath, clients: AzureClients) -> BlobPath:
    """The container and path of a datastore path.

    Raises:
        AzureError: The datastore is not there, or may not be read.
        UnknownLocation: It is none of blob storage.
    """
    properties = get_json(clients, _datastore(place))["properties"]
    kind = str(properties.get("datastoreType", ""))
    account = str(properties.get("accountName", ""))
    if kind not in _CONTAINER_FIELDS or not _ACCOUNT.fullmatch(account):
        message = f"its files are in the datastore `{place.datastore}` of the kind {kind}, which is not blob storage"
        raise UnknownLocation(message)
    container = str(properties.get(_CONTAINER_FIELDS[kind], ""))
    return BlobPath(_endpoint(place, account, properties, clients), container, place.path)


def datastore_secret(place: DatastorePath, account: str, clients: AzureClients) -> DatastoreSecret | None:
    """The key or signature that the workspace keeps; None when it keeps none, as for datastores by identity.

    Raises:
        AzureError: It may not be read.
    """
    from functions_model.core.secrets import Secret

    answer = post_json(clients, f"{_datastore(place)}/listSecrets") or {}
    if key := answer.get("key"):
        return DatastoreSecret(account, key=Secret(str(key)))
    if sas := answer.get("sasToken"):
        return DatastoreSecret(account, sas=Secret(str(sas).lstrip("?")))
    return None


def _endpoint(place: DatastorePath, account: str, properties: dict[str, Any], clients: AzureClients) -> str:
    """Resource Manager's own word where the login may read the account: accounts can have a zone in their host name."""
    subscription = str(properties.get("subscriptionId") or place.workspace.subscription_id)
    group = str(properties.get("resourceGroup") or place.workspace.resource_group)
    path = f"{group_id(subscription, group)}/providers/Microsoft.Storage/storageAccounts/{account}"
    try:
        found = get_json(clients, path, api=api_versions.STORAGE)
        return str(found["properties"]["primaryEndpoints"]["blob"]).rstrip("/")
    except (HttpResponseError, KeyError, TypeError):
        # By the cloud's own rule alone: what a datastore says is written by people, and a token is sent there.
        if not clients.cloud.storage_suffix:
            message = f"the address of the storage account `{account}` is not known: this login may not read it"
            raise UnknownLocation(message) from None
        return f"https://{account}.blob.{clients.cloud.storage_suffix}"


def _datastore(place: DatastorePath) -> str:
    return f"{workspace_id(place.workspace)}/datastores/{quote(place.datastore, safe='')}"
