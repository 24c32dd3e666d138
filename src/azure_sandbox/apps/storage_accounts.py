"""Storage accounts as an app's settings name them: opened with a key, or with an identity that has the roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_sandbox.contract import Principal, RoleBook, SiteDefinition
    from azure_sandbox.functions_host.connections import Connection

BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
QUEUE_DATA_CONTRIBUTOR = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
ACCOUNT_CONTRIBUTOR = "17d1049b-9a84-46fb-8f53-869881c3d3ab"

_NO_KEYS = (
    "Azure.Storage.Blobs: Key based authentication is not permitted on this storage account. "
    "Status: 403. ErrorCode: KeyBasedAuthenticationNotPermitted"
)


class StorageRefused(Exception):
    """An app cannot use a storage account. The text is what the storage service says."""


class Accounts(Protocol):
    """Storage accounts, as `storage.AzuriteStorage` has them."""

    def account_at(self, url: str) -> str | None:
        """The account whose service answers at this URL."""

    def client(self, account: str) -> BlobServiceClient:
        """A client that may do everything."""

    def blob_endpoint(self, account: str) -> str | None:
        """The URL of the account's blob service; None when there is no such account."""

    def queue_endpoint(self, account: str) -> str | None:
        """The URL of the account's queue service; None when there is no such account."""


@dataclass(frozen=True, slots=True)
class Roles:
    """What an identity needs on an account: one role of each group.

    Attributes:
        blobs: Groups that the blob service asks for.
        queues: Groups that the queue service asks for.
    """

    blobs: tuple[frozenset[str], ...]
    queues: tuple[frozenset[str], ...] = ()


SECRETS = Roles((frozenset({BLOB_DATA_OWNER}),))
"""A host that keeps its keys there."""
OUTPUT = Roles((frozenset({BLOB_DATA_OWNER, BLOB_DATA_CONTRIBUTOR}),))
"""A blob that is written."""
TRIGGER = Roles(OUTPUT.blobs, (frozenset({QUEUE_DATA_CONTRIBUTOR}),))
"""Blobs that trigger a function, with the queue of those that are given up."""
TRIGGER_HOST = Roles((frozenset({BLOB_DATA_OWNER}), frozenset({ACCOUNT_CONTRIBUTOR})), TRIGGER.queues)
"""The host's own storage, when a blob triggers a function.

https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
"""


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """An account that an app may use. It is on this machine: its clients ask no proxy.

    Attributes:
        name: The account's name.
        key: Its key.
        blob_url: Its blob service.
        queue_url: Its queue service; empty when the settings name none.
        ca_file: Whose certificates it shows.
    """

    name: str
    key: str
    blob_url: str
    queue_url: str
    ca_file: Path

    def blobs(self) -> BlobServiceClient:
        """A client of the blob service. Bodies come and go in one piece up to 256 MiB: the way is short.

        Raises:
            StorageRefused: The key is none.
        """
        try:
            return BlobServiceClient(
                self.blob_url,
                credential={"account_name": self.name, "account_key": self.key},
                connection_verify=str(self.ca_file),
                use_env_settings=False,
                retry_total=0,
                max_single_get_size=1 << 28,
                max_single_put_size=1 << 28,
            )
        except ValueError as error:
            message = f"The connection string is invalid: {error}"
            raise StorageRefused(message) from error

    def queues(self) -> QueueServiceClient:
        """A client of the queue service."""
        return QueueServiceClient(
            self.queue_url,
            credential={"account_name": self.name, "account_key": self.key},
            connection_verify=str(self.ca_file),
            use_env_settings=False,
            retry_total=0,
        )


class StorageDoor:
    """Lets an app into an account that one of its connections names.

    Args:
        accounts: The storage accounts.
        account_id: The ARM id of an account, by name.
        takes_keys: Whether an account's keys open it.
        roles: Says what the app's identity may do.
        ca_file: Whose certificates the accounts show.
    """

    def __init__(
        self,
        accounts: Accounts,
        account_id: Callable[[str], str | None],
        roles: RoleBook,
        ca_file: Path,
        *,
        takes_keys: Callable[[str], bool],
    ) -> None:
        self._accounts = accounts
        self._account_id = account_id
        self._roles = roles
        self._ca_file = ca_file
        self._takes_keys = takes_keys

    def open(self, site: SiteDefinition, connection: Connection, needs: Roles) -> OpenAccount:
        """The account, if the app may use it so.

        Raises:
            StorageRefused: It is not there, or its identity lacks a role.
        """
        found = self._by_key(connection.text) if connection.text else self._by_identity(site, connection, needs)
        if needs.queues and not found.queue_url:
            message = (
                f"The connection '{connection.name}' names no queue service: set {connection.name}__queueServiceUri"
            )
            raise StorageRefused(message)
        return found

    def _by_key(self, text: str) -> OpenAccount:
        parts = dict(part.partition("=")[::2] for part in text.split(";") if part)
        account, key = parts.get("AccountName", ""), parts.get("AccountKey", "")
        blob_url = parts.get("BlobEndpoint") or self._accounts.blob_endpoint(account)
        if not blob_url or not key:
            message = "No such host is known." if key else "The connection string is invalid."
            raise StorageRefused(message)
        if not self._takes_keys(account):
            raise StorageRefused(_NO_KEYS)
        queue_url = parts.get("QueueEndpoint") or self._accounts.queue_endpoint(account) or ""
        return OpenAccount(account, key, blob_url, queue_url, self._ca_file)

    def _by_identity(self, site: SiteDefinition, connection: Connection, needs: Roles) -> OpenAccount:
        parts = connection.parts
        url = parts.get("blobserviceuri") or parts.get("serviceuri") or ""
        account = self._account(url) if url else parts.get("accountname", "")
        blob_url = self._accounts.blob_endpoint(account)
        if not account or blob_url is None:
            message = f"No such host is known. ({url or account or connection.name})"
            raise StorageRefused(message)
        queue_url = parts.get("queueserviceuri") or ("" if url else self._accounts.queue_endpoint(account) or "")
        self._check(site, parts, account, needs.blobs, "Azure.Storage.Blobs")
        if needs.queues and queue_url:
            self._check(site, parts, self._account(queue_url), needs.queues, "Azure.Storage.Queues")
        key = self._accounts.client(account).credential.account_key
        return OpenAccount(account, str(key), blob_url, queue_url, self._ca_file)

    def _account(self, url: str) -> str:
        if not url.startswith("https://"):
            message = f"Bearer token authentication is not permitted for non TLS protected (https) endpoints. ({url})"
            raise StorageRefused(message)
        found = self._accounts.account_at(url)
        if found is None:
            message = f"No such host is known. ({url})"
            raise StorageRefused(message)
        return found

    def _check(
        self, site: SiteDefinition, parts: dict[str, str], account: str, groups: tuple[frozenset[str], ...], source: str
    ) -> None:
        principal = identity_of(site, parts.get("clientid"))
        if principal is None:
            message = "ManagedIdentityCredential authentication failed: the app has no such identity. Status: 400"
            raise StorageRefused(message)
        scope = self._account_id(account)
        held = self._roles.roles(principal.object_id, scope) if scope else frozenset()
        if not all(group & held for group in groups):
            raise StorageRefused(forbidden(403, "AuthorizationPermissionMismatch", source))


def identity_of(site: SiteDefinition, client_id: str | None) -> Principal | None:
    """The app's identity with that client id; without one the system-assigned identity, which bears the app's name."""
    if client_id:
        wanted = client_id.lower()
        return next((who for client, who in site.identities.items() if client.lower() == wanted), None)
    return next(
        (who for who in site.identities.values() if who.display_name.replace("/slots/", "-") == site.name), None
    )


def forbidden(status: int | None, code: str, source: str = "Azure.Storage.Blobs") -> str:
    """What a storage service's client says when it may not."""
    return (
        f"{source}: This request is not authorized to perform this operation using this permission. "
        f"Status: {status}. ErrorCode: {code}"
    )
