"""What functions give: blobs that are written, messages that are sent."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContentSettings

from azure_sandbox.apps.listeners.sending import Senders
from azure_sandbox.apps.storage_accounts import OUTPUT
from azure_sandbox.functions_host.binding_paths import check_blob_name, parse_template, split_blob_path
from azure_sandbox.functions_host.triggers import BLOB

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

    from azure_sandbox.apps.service_bus_access import ServiceBusDoor
    from azure_sandbox.apps.storage_accounts import StorageDoor
    from azure_sandbox.contract import SiteDefinition
    from azure_sandbox.functions_host.triggers import Binding

_PARENT = "AzureWebJobsParentId"
"""Metadata that tells which invocation wrote a blob."""


class Outputs:
    """Writes one app's outputs.

    Args:
        site: The app.
        door: Lets it into storage accounts.
        namespaces: Lets it into Service Bus namespaces.
    """

    def __init__(self, site: SiteDefinition, door: StorageDoor, namespaces: ServiceBusDoor) -> None:
        self._site = site
        self._door = door
        self._senders = Senders(site, namespaces)

    def write(
        self, output: Binding, content: bytes, values: dict[str, Any], *, function: str, invocation: str, text: bool
    ) -> None:
        """Write one output.

        Args:
            output: Where.
            content: What.
            values: For the expressions in its path.
            function: The function's name.
            invocation: The invocation's id.
            text: Whether the function gave text.

        Raises:
            PathInvalid: The path names something that the trigger does not give.
            StorageRefused: The app may not write there.
            NamespaceRefused: The connection leads nowhere.
            AzureError: The service refused.
        """
        if output.kind == BLOB:
            container, template = split_blob_path(output.place)
            places = parse_template(container).fill(values, function), template.fill(values, function)
            check_blob_name(places[1])
            with self._door.open(self._site, output.connection, OUTPUT).blobs() as client:
                _put(client, places, content, invocation)
        else:
            queue = parse_template(output.place).fill(values, function)
            self._senders.send(output.connection, queue, content, text=text, invocation=invocation)

    def close(self) -> None:
        """Close what is open."""
        self._senders.close()


def _put(client: BlobServiceClient, places: tuple[str, str], content: bytes, invocation: str) -> None:
    """Write a blob over one that is there. The real host makes a missing container, too."""
    blob = client.get_blob_client(*places)
    settings = ContentSettings(content_type="application/octet-stream")
    metadata = {_PARENT: invocation}
    try:
        blob.upload_blob(content, overwrite=True, content_settings=settings, metadata=metadata)
    except ResourceNotFoundError:
        with contextlib.suppress(ResourceExistsError):
            client.create_container(places[0])
        blob.upload_blob(content, overwrite=True, content_settings=settings, metadata=metadata)
