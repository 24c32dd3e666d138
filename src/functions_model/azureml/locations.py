"""Where a registered model's files are: what its `modelUri` says, and from a datastore the container behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

from azure.core.exceptions import HttpResponseError

from functions_model.azure import api_versions
from functions_model.azure.clients import AzureClients
from functions_model.azureml.arm import get_json, group_id, post_json, workspace_id
from functions_model.core.registered import MachineLearningWorkspace
from functions_model.core.secrets import Secret

_WHOLE = re.compile(
    r"azureml://subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)"
    r"/(?:providers/Microsoft\.MachineLearningServices/)?workspaces/(?P<workspace>[^/]+)"
    r"/datastores/(?P<datastore>[^/]+)/paths/(?P<path>.*)",
    re.IGNORECASE,
)
_SHORT = re.compile(r"azureml://datastores/(?P<datastore>[^/]+)/paths/(?P<path>.*)", re.IGNORECASE)
_SCHEMES = frozenset({"https", "wasbs", "abfss"})


@dataclass(frozen=True, slots=True)
class DatastorePath:
    """A file or folder in a datastore of a workspace.

    Attributes:
        workspace: Whose datastore.
        datastore: Its name.
        path: Below the datastore's container, without slashes at its ends.
    """

    workspace: MachineLearningWorkspace
    datastore: str
    path: str


@dataclass(frozen=True, slots=True)
class BlobPath:
    """A file or folder in a blob container, without a datastore.

    Attributes:
        endpoint: https URL of the account's blob service, without a trailing slash.
        container: The container's name.
        path: Below the container, without slashes at its ends.
    """

    endpoint: str
    container: str
    path: str


class UnknownLocation(Exception):
    """The address is of a kind that cannot be downloaded from. The text is a clause that says why."""


def parse_model_uri(uri: str, workspace: MachineLearningWorkspace, storage_suffix: str) -> DatastorePath | BlobPath:
    """Where the files are.

    Args:
        uri: The `modelUri` of a model version.
        workspace: The model's, which the short form `azureml://datastores/...` means.
        storage_suffix: What storage hosts of the cloud end in: `core.windows.net`. Any other host is refused: a token
            for storage would be sent there.

    Raises:
        UnknownLocation: It is none that is known.
    """
    if found := _WHOLE.fullmatch(uri):
        own = MachineLearningWorkspace(found["subscription"], found["group"], found["workspace"])
        return DatastorePath(own, found["datastore"], found["path"].strip("/"))
    if found := _SHORT.fullmatch(uri):
        return DatastorePath(workspace, found["datastore"], found["path"].strip("/"))
    address = urlsplit(uri)
    if address.scheme not in _SCHEMES:
        raise UnknownLocation(f"its files are at `{_shown(address)}`, which is not a place in a datastore")
    return _blob_path(address, storage_suffix)


def _blob_path(address: SplitResult, storage_suffix: str) -> BlobPath:
    host = (address.hostname or "").replace(".dfs.", ".blob.")
    if not storage_suffix or not re.fullmatch(rf"[a-z0-9]{{3,24}}\.blob\.{re.escape(storage_suffix)}", host):
        raise UnknownLocation(f"its files are at `{_shown(address)}`, which is no storage account of this cloud")
    if address.scheme == "https":
        container, _, path = unquote(address.path).strip("/").partition("/")
    else:
        container, path = address.username or "", unquote(address.path)
    return BlobPath(f"https://{host}", container, path.strip("/"))


def _shown(address: SplitResult) -> str:
    """Without a query: that of a storage address may be a signature."""
    return address._replace(query="", fragment="").geturl()


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
