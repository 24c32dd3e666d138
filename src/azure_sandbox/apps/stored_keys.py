"""The blobs in which a functions host keeps its keys.

Azure/azure-functions-host, src/WebJobs.Script.WebHost/Security/KeyManagement: `SecretManager.cs:83` (host) and `:165`
(functions) say what is read, made, and made anew; `BlobStorageSecretsRepository.cs` says where it lies.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from azure_sandbox.apps.key_protection import Unreadable
from azure_sandbox.apps.storage_accounts import StorageRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.storage.blob import BlobServiceClient

    from azure_sandbox.apps.key_protection import Protector

CONTAINER = "azure-webjobs-secrets"
MOST_SNAPSHOTS = 10
"""`ScriptConstants.MaximumSecretBackupCount`."""


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


def new_keys() -> StoredKeys:
    """Those of a host that has none stored."""
    return StoredKeys(_new_key(), {"default": _new_key()}, {}, {})


class Secrets:
    """The blobs with the keys of one site.

    Args:
        client: Of the account.
        app: The folder: `<app>`, or `<app>-<slot>`.
        protector: Of the site.
    """

    def __init__(self, client: BlobServiceClient, app: str, protector: Protector) -> None:
        self._client, self._app, self._protector = client, app, protector

    def read(self) -> StoredKeys:
        """Every key; those of the host are made when there are none."""
        found = self._get("host") or self._made()
        try:
            opened = self._opened(found)
        except Unreadable:
            opened = self._opened(self._anew("host", found))
        functions = {name: self._function(name) for name in self._functions()}
        return StoredKeys(opened["master"]["master"], opened["functionKeys"], functions, opened["systemKeys"])

    def keep_function(self, name: str, keys: dict[str, str]) -> None:
        """Store the keys of one function."""
        self._put(name.lower(), {"keys": self._protector.entries(keys)})

    def _made(self) -> dict[str, Any]:
        content = {
            "masterKey": self._protector.entry("master", _new_key()),
            "functionKeys": self._protector.entries({"default": _new_key()}),
            "systemKeys": [],
        }
        self._put("host", content)
        return content

    def _opened(self, content: dict[str, Any]) -> dict[str, dict[str, str]]:
        lists = {name: content.get(name) or [] for name in ("functionKeys", "systemKeys", "keys")}
        master = [content["masterKey"]] if "masterKey" in content else []
        return {name: self._protector.values(entries) for name, entries in {**lists, "master": master}.items()}

    def _anew(self, name: str, content: dict[str, Any]) -> dict[str, Any]:
        """Keep what cannot be read beside, and make each encrypted key anew, under its name."""
        self._keep_snapshot(name, content)
        changed = {
            member: [self._renewed(entry) for entry in value] if isinstance(value, list) else self._renewed(value)
            for member, value in content.items()
            if member in {"masterKey", "functionKeys", "systemKeys", "keys"}
        }
        self._put(name, changed)
        return changed

    def _renewed(self, entry: dict[str, Any]) -> dict[str, Any]:
        return self._protector.entry(entry["name"], _new_key() if entry.get("encrypted") else entry["value"])

    def _keep_snapshot(self, name: str, content: dict[str, Any]) -> None:
        if len(list(self._names(f"{name}.snapshot"))) >= MOST_SNAPSHOTS:
            message = f"Repository has more than {MOST_SNAPSHOTS} non-decryptable secrets backups ({name})."
            raise StorageRefused(message)
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H.%M.%S.%f")
        self._write(f"{name}.snapshot.{now}", content)

    def _function(self, name: str) -> dict[str, str]:
        content = self._get(name) or {}
        try:
            return self._opened(content)["keys"]
        except Unreadable:
            return self._opened(self._anew(name, content))["keys"]

    def _functions(self) -> list[str]:
        return [name for name in self._names("") if name != "host" and ".snapshot." not in name]

    def _names(self, start: str) -> Iterator[str]:
        listed = self._client.get_container_client(CONTAINER).list_blob_names(name_starts_with=f"{self._app}/{start}")
        return (blob.removeprefix(f"{self._app}/").removesuffix(".json") for blob in listed)

    def _get(self, name: str) -> dict[str, Any] | None:
        try:
            blob = self._client.get_blob_client(CONTAINER, f"{self._app}/{name}.json")
            return dict(json.loads(blob.download_blob().readall()))
        except ResourceNotFoundError:
            return None

    def _put(self, name: str, content: dict[str, Any]) -> None:
        key_id = self._protector.key_id
        beside = {"hostName": "", "instanceId": "", "source": "runtime", "decryptionKeyId": key_id}
        self._write(name, {**content, **beside})

    def _write(self, name: str, content: dict[str, Any]) -> None:
        with contextlib.suppress(ResourceExistsError):
            self._client.create_container(CONTAINER)
        blob = self._client.get_blob_client(CONTAINER, f"{self._app}/{name}.json")
        blob.upload_blob(json.dumps(content, indent=2), overwrite=True)


def _new_key() -> str:
    return secrets.token_urlsafe(40)
