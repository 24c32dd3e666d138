"""Where a registered model's files are: what its `modelUri` says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from functions_model.core.registered import MachineLearningWorkspace

if TYPE_CHECKING:
    from urllib.parse import SplitResult

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
        message = f"its files are at `{_shown(address)}`, which is not a place in a datastore"
        raise UnknownLocation(message)
    return _blob_path(address, storage_suffix)


def _blob_path(address: SplitResult, storage_suffix: str) -> BlobPath:
    host = (address.hostname or "").replace(".dfs.", ".blob.")
    if not storage_suffix or not re.fullmatch(rf"[a-z0-9]{{3,24}}\.blob\.{re.escape(storage_suffix)}", host):
        message = f"its files are at `{_shown(address)}`, which is no storage account of this cloud"
        raise UnknownLocation(message)
    if address.scheme == "https":
        container, _, path = unquote(address.path).strip("/").partition("/")
    else:
        container, path = address.username or "", unquote(address.path)
    return BlobPath(f"https://{host}", container, path.strip("/"))


def _shown(address: SplitResult) -> str:
    """Without a query: that of a storage address may be a signature."""
    return address._replace(query="", fragment="").geturl()
