"""Receipts: which blobs a function has had, in which version. They lie in the host's own storage."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

    from azure_sandbox.contract import SiteDefinition

CONTAINER = "azure-webjobs-hosts"
_LONGEST_ID = 32
_HOST_ID = "azurefunctionswebhost__hostid"


class Receipts:
    """One function's receipts.

    Args:
        client: The host's storage.
        host_id: The host's id.
        function: The function's name.
    """

    def __init__(self, client: BlobServiceClient, host_id: str, function: str) -> None:
        self._client = client
        self._folder = f"blobreceipts/{host_id}/{function_id(function)}"

    def has(self, container: str, blob: str, etag: str) -> bool:
        """Whether this version of a blob is done.

        Raises:
            AzureError: The storage refused.
        """
        return self._client.get_blob_client(CONTAINER, self._name(container, blob, etag)).exists()

    def write(self, container: str, blob: str, etag: str) -> None:
        """This version of a blob is done.

        Raises:
            AzureError: The storage refused.
        """
        receipt = self._client.get_blob_client(CONTAINER, self._name(container, blob, etag))
        try:
            receipt.upload_blob(b"", overwrite=True)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):
                self._client.create_container(CONTAINER)
            receipt.upload_blob(b"", overwrite=True)

    def _name(self, container: str, blob: str, etag: str) -> str:
        return f"{self._folder}/{quoted(etag)}/{container}/{blob}"


def host_id_of(site: SiteDefinition) -> str:
    """A host's id: the setting's, or the app's name (`<app>-<slot>`), cut."""
    given = next((value for name, value in site.app_settings.items() if name.lower() == _HOST_ID), "")
    return (given or site.name).lower()[:_LONGEST_ID].rstrip("-")


def function_id(function: str) -> str:
    """How receipts and poison messages name a function."""
    return f"Host.Functions.{function}"


def quoted(etag: str) -> str:
    """An ETag as HTTP has it, in quotes. Listings of blobs leave them out."""
    return f'"{etag.strip(chr(34))}"'
