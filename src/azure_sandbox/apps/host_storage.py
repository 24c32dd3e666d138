"""A functions host's own storage: may the app use it, and which keys does it hold?"""

from __future__ import annotations

import contextlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError

from azure_sandbox.apps.storage_accounts import SECRETS, StorageRefused, forbidden
from azure_sandbox.functions_host.connections import find_connection

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

    from azure_sandbox.apps.storage_accounts import StorageDoor
    from azure_sandbox.contract import SiteDefinition

SETTING = "AzureWebJobsStorage"
CONTAINER = "azure-webjobs-secrets"


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """The keys of an app, as its storage holds them.

    Attributes:
        master: The master key.
        host: Keys that open every function.
        functions: Function -> its own keys.
        system: Keys of extensions.
    """

    master: str
    host: dict[str, str]
    functions: dict[str, dict[str, str]]
    system: dict[str, str]


class HostStorage:
    """Opens the storage that an app's settings name.

    Args:
        door: Lets apps into storage accounts.
    """

    def __init__(self, door: StorageDoor) -> None:
        self._door = door

    def keys(self, site: SiteDefinition) -> StoredKeys | None:
        """The app's keys, made and stored when there are none; None when the app has no storage setting.

        Raises:
            StorageRefused: The app may not use its storage, or it is not there.
        """
        client = self._open(site)
        if client is None:
            return None
        with client:
            try:
                return _read_or_make(client, site.name.lower())
            except HttpResponseError as error:
                raise StorageRefused(forbidden(error.status_code, str(getattr(error, "error_code", "")))) from error
            except AzureError as error:
                raise StorageRefused(str(error.message)) from error

    def store_function_keys(self, site: SiteDefinition, functions: dict[str, dict[str, str]]) -> None:
        """Keep the keys that the host made for its functions.

        Raises:
            StorageRefused: The app may not use its storage any more.
        """
        client = self._open(site)
        if client is None:
            return
        with client:
            for name, keys in functions.items():
                try:
                    _put(client, f"{site.name.lower()}/{name.lower()}.json", {"keys": _entries(keys)})
                except AzureError as error:
                    raise StorageRefused(str(error.message)) from error

    def _open(self, site: SiteDefinition) -> BlobServiceClient | None:
        connection = find_connection(SETTING, site.app_settings)
        if connection is None or not (connection.text or {"blobserviceuri", "accountname"} & set(connection.parts)):
            return None
        return self._door.open(site, connection, SECRETS).blobs()


def _read_or_make(client: BlobServiceClient, app: str) -> StoredKeys:
    found = _get(client, f"{app}/host.json")
    if found is None:
        key = secrets.token_urlsafe(40)
        found = {
            "masterKey": {"name": "master", "value": secrets.token_urlsafe(40), "encrypted": False},
            "functionKeys": _entries({"default": key}),
            "systemKeys": [],
            "hostName": "",
            "instanceId": "",
            "source": "runtime",
            "decryptionKeyId": "",
        }
        _put(client, f"{app}/host.json", found)
    functions: dict[str, dict[str, str]] = {}
    for blob in client.get_container_client(CONTAINER).list_blob_names(name_starts_with=f"{app}/"):
        name = blob.removeprefix(f"{app}/").removesuffix(".json")
        if name != "host":
            functions[name] = _values((_get(client, blob) or {}).get("keys", []))
    master = found["masterKey"]["value"]
    return StoredKeys(master, _values(found["functionKeys"]), functions, _values(found.get("systemKeys", [])))


def _get(client: BlobServiceClient, name: str) -> dict[str, Any] | None:
    try:
        return dict(json.loads(client.get_blob_client(CONTAINER, name).download_blob().readall()))
    except ResourceNotFoundError:
        return None


def _put(client: BlobServiceClient, name: str, content: dict[str, Any]) -> None:
    with contextlib.suppress(ResourceExistsError):
        client.create_container(CONTAINER)
    client.get_blob_client(CONTAINER, name).upload_blob(json.dumps(content, indent=2), overwrite=True)


def _entries(keys: dict[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value, "encrypted": False} for name, value in keys.items()]


def _values(entries: list[dict[str, Any]]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in entries}
