"""A functions host's own storage: may the app use it, and which keys does it hold?"""

from __future__ import annotations

import contextlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_sandbox.contract import Principal, RoleBook, SiteDefinition

SETTING = "AzureWebJobsStorage"
CONTAINER = "azure-webjobs-secrets"
BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"


class StorageRefused(Exception):
    """The host cannot use its storage. The text is what the storage service says."""


class Accounts(Protocol):
    """Storage accounts, as `storage.AzuriteStorage` has them."""

    def account_at(self, url: str) -> str | None:
        """The account whose service answers at this URL."""

    def client(self, account: str) -> BlobServiceClient:
        """A client that may do everything."""

    def blob_endpoint(self, account: str) -> str | None:
        """The account's blob service; None when there is no such account."""


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
        accounts: The storage accounts.
        account_id: The ARM id of an account, by name.
        roles: Says what the app's identity may do.
        ca_file: Whose certificates the accounts show.
    """

    def __init__(
        self, accounts: Accounts, account_id: Callable[[str], str | None], roles: RoleBook, ca_file: Path
    ) -> None:
        self._accounts = accounts
        self._account_id = account_id
        self._roles = roles
        self._ca_file = ca_file

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
                raise StorageRefused(_forbidden(error.status_code, str(getattr(error, "error_code", "")))) from error
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
        text = site.app_settings.get(SETTING)
        if text:
            return self._open_with_key(text)
        url = site.app_settings.get(f"{SETTING}__blobServiceUri")
        account = self._accounts.account_at(url) if url else site.app_settings.get(f"{SETTING}__accountName")
        if not url and not account:
            return None
        if not account or self._accounts.blob_endpoint(account) is None:
            message = f"No such host is known. ({url or account})"
            raise StorageRefused(message)
        self._check_role(site, account)
        return self._accounts.client(account)

    def _open_with_key(self, text: str) -> BlobServiceClient:
        parts = dict(part.partition("=")[::2] for part in text.split(";") if part)
        account = parts.get("AccountName", "")
        endpoint = parts.get("BlobEndpoint") or self._accounts.blob_endpoint(account)
        if not endpoint or not parts.get("AccountKey"):
            message = "No such host is known." if parts.get("AccountKey") else "The connection string is invalid."
            raise StorageRefused(message)
        credential = {"account_name": account, "account_key": parts["AccountKey"]}
        try:
            return BlobServiceClient(
                endpoint, credential=credential, connection_verify=str(self._ca_file), retry_total=1
            )
        except ValueError as error:
            message = f"The connection string is invalid: {error}"
            raise StorageRefused(message) from error

    def _check_role(self, site: SiteDefinition, account: str) -> None:
        principal = identity_of(site, site.app_settings.get(f"{SETTING}__clientId"))
        if principal is None:
            message = "ManagedIdentityCredential authentication failed: the app has no such identity. Status: 400"
            raise StorageRefused(message)
        scope = self._account_id(account)
        held = self._roles.roles(principal.object_id, scope) if scope else frozenset()
        if BLOB_DATA_OWNER not in held:
            raise StorageRefused(_forbidden(403, "AuthorizationPermissionMismatch"))


def identity_of(site: SiteDefinition, client_id: str | None) -> Principal | None:
    """The app's identity with that client id; without one the system-assigned identity, which bears the app's name."""
    if client_id:
        wanted = client_id.lower()
        return next((who for client, who in site.identities.items() if client.lower() == wanted), None)
    return next((who for who in site.identities.values() if who.display_name == site.name), None)


def _forbidden(status: int | None, code: str) -> str:
    return (
        "Azure.Storage.Blobs: This request is not authorized to perform this operation using this permission. "
        f"Status: {status}. ErrorCode: {code}"
    )


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
