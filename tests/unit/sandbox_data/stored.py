"""A functions host's storage, without the host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azure_sandbox.apps.host_storage import HostStorage
from azure_sandbox.apps.storage_accounts import StorageDoor
from azure_sandbox.apps.stored_keys import CONTAINER
from azure_sandbox.contract import SiteDefinition

from .conftest import SUBSCRIPTION, FakeDirectory, FakeRoles
from .test_storage import KEYS

if TYPE_CHECKING:
    from azure_sandbox.apps.stored_keys import StoredKeys
    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.storage import AzuriteStorage


class Host:
    """The keys of one host, and the blobs that hold them.

    Args:
        azurite: Has its account.
        tls: Trusted.
        account: A name of its own.
    """

    def __init__(self, azurite: AzuriteStorage, tls: TlsFiles, account: str) -> None:
        self.ends, self._azurite, self._account = azurite.create(account, KEYS), azurite, account
        door = StorageDoor(azurite, lambda _: None, FakeDirectory(), FakeRoles(), tls.ca_file)
        self.storage = HostStorage(door)

    def site(self, name: str = "iris", **settings: str) -> SiteDefinition:
        string = f"AccountName={self._account};AccountKey={KEYS[0]};BlobEndpoint={self.ends.blob}"
        settings = {"AzureWebJobsStorage": string, **settings}
        return SiteDefinition(f"{SUBSCRIPTION}/x/{name}", name, "DOCKER|x", settings, {}, None)

    def keys(self, site: SiteDefinition) -> StoredKeys:
        found = self.storage.keys(site)
        assert found is not None
        return found

    def blobs(self) -> dict[str, Any]:
        with self._azurite.client(self._account) as client:
            container = client.get_container_client(CONTAINER)
            return {
                blob.name: json.loads(container.download_blob(blob.name).readall()) for blob in container.list_blobs()
            }

    def put(self, name: str, content: dict[str, Any]) -> None:
        with self._azurite.client(self._account) as client:
            client.get_container_client(CONTAINER).upload_blob(name, json.dumps(content), overwrite=True)
