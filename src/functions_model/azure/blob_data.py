"""The blobs of a storage account."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

from functions_model.azure.data import told_as_refusals

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

_RETRIES: dict[str, Any] = {"retry_total": 3, "initial_backoff": 1, "increment_base": 2}


@dataclass(frozen=True, slots=True)
class BlobData:
    """The blobs of one account. Every method raises `DataRefused`.

    Attributes:
        client: Of the account.
    """

    client: BlobServiceClient

    def write(self, container: str, name: str, content: bytes, content_type: str) -> None:
        """Write a blob; never over another one."""
        from azure.storage.blob import ContentSettings

        settings = ContentSettings(content_type=content_type)
        with told_as_refusals(f"write the blob `{container}/{name}`"):
            blob = self.client.get_blob_client(container, name)
            blob.upload_blob(content, overwrite=False, content_settings=settings)

    def names(self, container: str, prefix: str) -> Iterator[str]:
        """Names of the blobs in a container, of those that begin so; none when there is no such container."""
        with told_as_refusals(f"list the blobs in `{container}`"):
            try:
                for blob in self.client.get_container_client(container).list_blobs(name_starts_with=prefix or None):
                    yield blob.name
            except ResourceNotFoundError:
                return

    def remove(self, container: str, name: str) -> None:
        """Remove a blob with its snapshots, if it is there."""
        with told_as_refusals(f"remove the blob `{container}/{name}`"):
            try:
                self.client.get_blob_client(container, name).delete_blob(delete_snapshots="include")
            except ResourceNotFoundError:
                return


@contextmanager
def open_blobs(endpoint: str, credential: Any) -> Iterator[BlobData]:
    """The blobs of an account, by requests that a cancel keeps from beginning.

    Args:
        endpoint: Of its blobs, as Resource Manager names it.
        credential: A token credential, or a named key.
    """
    from azure.storage.blob import BlobServiceClient

    from functions_model.azure.sending import CancelledTransport

    with BlobServiceClient(endpoint, credential=credential, transport=CancelledTransport(), **_RETRIES) as client:
        yield BlobData(client)
