"""A functions host's own storage: may the app use it, and which keys does it hold?"""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, HttpResponseError

from azure_sandbox.apps.host_ids import collision, host_id_of
from azure_sandbox.apps.key_protection import Protector
from azure_sandbox.apps.storage_accounts import SECRETS, StorageRefused, told_by
from azure_sandbox.apps.stored_keys import Secrets, new_keys
from azure_sandbox.functions_host.connections import find_connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.storage.blob import BlobServiceClient

    from azure_sandbox.apps.storage_accounts import StorageDoor
    from azure_sandbox.apps.stored_keys import StoredKeys
    from azure_sandbox.contract import SiteDefinition

SETTING = "AzureWebJobsStorage"


class HostStorage:
    """Opens the storage that an app's settings name.

    Args:
        door: Lets apps into storage accounts.
    """

    def __init__(self, door: StorageDoor) -> None:
        self._door = door
        self._given: dict[str, str] = {}

    def keys(self, site: SiteDefinition) -> StoredKeys | None:
        """The app's keys, made where there are none that can be read; None without a storage setting.

        Raises:
            StorageRefused: The app may not use its storage, or it is not there.
        """
        if _in_files(site):
            return new_keys()
        client = self._open(site)
        if client is None:
            return None
        with client, _told():
            return self._secrets(client, site).read()

    def store_function_keys(self, site: SiteDefinition, functions: dict[str, dict[str, str]]) -> None:
        """Keep the keys that the host made for its functions.

        Raises:
            StorageRefused: The app may not use its storage any more.
        """
        client = None if _in_files(site) else self._open(site)
        if client is None:
            return
        with client, _told():
            for name, keys in functions.items():
                self._secrets(client, site).keep_function(name, keys)

    def collision(self, site: SiteDefinition, host_name: str) -> str:
        """What a host says whose id is another host's in the same storage; nothing where it has its own.

        Raises:
            StorageRefused: The app may not use its storage.
        """
        client = self._open(site)
        if client is None:
            return ""
        with client, _told():
            return collision(client, host_id_of(site), host_name)

    def forget(self, name: str) -> None:
        """The app, or the slot, is gone: one that gets its name is given another key to encrypt with."""
        self._given.pop(name.lower(), None)

    def _secrets(self, client: BlobServiceClient, site: SiteDefinition) -> Secrets:
        """Those of a site: of an app, or of a slot, which has a key of its own as it has a blob of its own."""
        given = self._given.setdefault(site.name.lower(), secrets.token_hex(32).upper())
        return Secrets(client, site.name.lower(), Protector(site.app_settings, given))

    def _open(self, site: SiteDefinition) -> BlobServiceClient | None:
        connection = find_connection(SETTING, site.app_settings)
        if connection is None or not (connection.text or {"blobserviceuri", "accountname"} & set(connection.parts)):
            return None
        return self._door.open(site, connection, SECRETS).blobs()


def _in_files(site: SiteDefinition) -> bool:
    """Whether the host keeps its keys in its own files, which a container loses when it ends."""
    return site.app_settings.get("AzureWebJobsSecretStorageType", "").lower() == "files"


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Storage's refusals as ours."""
    try:
        yield
    except HttpResponseError as error:
        raise StorageRefused(told_by(error)) from error
    except AzureError as error:
        raise StorageRefused(str(error.message)) from error
