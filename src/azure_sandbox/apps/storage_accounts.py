"""Storage accounts as an app's settings name them: opened with a key, or with an identity that has the roles."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from azure.core.credentials import AccessToken
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure.core.exceptions import HttpResponseError

    from azure_sandbox.contract import Directory, Principal, RoleBook, SiteDefinition
    from azure_sandbox.functions_host.connections import Connection

BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
QUEUE_DATA_CONTRIBUTOR = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
ACCOUNT_CONTRIBUTOR = "17d1049b-9a84-46fb-8f53-869881c3d3ab"
AUDIENCE = "https://storage.azure.com"
_TOKEN_SECONDS = 3600
_NO_PERMISSION = "This request is not authorized to perform this operation using this permission."


class StorageRefused(Exception):
    """An app cannot use a storage account. The text is what the storage service says."""


class Accounts(Protocol):
    """Storage accounts, as `storage.AzuriteStorage` has them."""

    def account_at(self, url: str) -> str | None:
        """The account whose service answers at this URL."""

    def headers(self, app: str) -> dict[str, str]:
        """Headers that tell an account which app, by its ARM id, sends a request."""

    def ports(self) -> frozenset[int]:
        """Where the services of all accounts answer."""

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
class IdentityLogin:
    """An identity of an app, as the clients of storage take it.

    Attributes:
        directory: Issues its tokens.
        client_id: The identity's.
    """

    directory: Directory
    client_id: str

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        """A token for storage."""
        token = self.directory.issue_token(self.client_id, AUDIENCE)
        return AccessToken(token, int(time.time()) + _TOKEN_SECONDS)


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """An account as an app comes to it. It is on this machine: its clients ask no proxy.

    Attributes:
        credential: The account's name and key, or the identity's login.
        blob_url: Its blob service.
        queue_url: Its queue service; empty when the settings name none.
        ca_file: Whose certificates it shows.
        headers: Go with each request: they tell which app comes.
    """

    credential: dict[str, str] | IdentityLogin
    blob_url: str
    queue_url: str
    ca_file: Path
    headers: dict[str, str]

    def blobs(self) -> BlobServiceClient:
        """A client of the blob service. Bodies come and go in one piece up to 256 MiB: the way is short.

        Raises:
            StorageRefused: The key is none.
        """
        try:
            return BlobServiceClient(
                self.blob_url,
                credential=self.credential,
                connection_verify=str(self.ca_file),
                base_headers=self.headers,
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
            credential=self.credential,
            connection_verify=str(self.ca_file),
            base_headers=self.headers,
            use_env_settings=False,
            retry_total=0,
        )


class StorageDoor:
    """Lets an app into an account that one of its connections names. What it may do there, the account says.

    Args:
        accounts: The storage accounts.
        account_id: The ARM id of an account, by name.
        directory: Issues the tokens of the apps' identities.
        roles: Says what they may do.
        ca_file: Whose certificates the accounts show.
    """

    def __init__(
        self,
        accounts: Accounts,
        account_id: Callable[[str], str | None],
        directory: Directory,
        roles: RoleBook,
        ca_file: Path,
    ) -> None:
        self._accounts = accounts
        self._account_id = account_id
        self._directory = directory
        self._roles = roles
        self._ca_file = ca_file

    def open(self, site: SiteDefinition, connection: Connection, needs: Roles) -> OpenAccount:
        """The account, if the app may use it so.

        Raises:
            StorageRefused: It is not there, or its identity lacks a role.
        """
        found = self._by_key(site, connection.text) if connection.text else self._by_identity(site, connection, needs)
        if needs.queues and not found.queue_url:
            message = (
                f"The connection '{connection.name}' names no queue service: set {connection.name}__queueServiceUri"
            )
            raise StorageRefused(message)
        return found

    def _by_key(self, site: SiteDefinition, text: str) -> OpenAccount:
        parts = dict(part.partition("=")[::2] for part in text.split(";") if part)
        account, key = parts.get("AccountName", ""), parts.get("AccountKey", "")
        blob_url = parts.get("BlobEndpoint") or self._accounts.blob_endpoint(account)
        if not blob_url or not key:
            message = "No such host is known." if key else "The connection string is invalid."
            raise StorageRefused(message)
        queue_url = parts.get("QueueEndpoint") or self._accounts.queue_endpoint(account) or ""
        credential = {"account_name": account, "account_key": key}
        headers = self._accounts.headers(site.resource_id)
        return OpenAccount(credential, blob_url, queue_url, self._ca_file, headers)

    def _by_identity(self, site: SiteDefinition, connection: Connection, needs: Roles) -> OpenAccount:
        parts = connection.parts
        url = parts.get("blobserviceuri") or parts.get("serviceuri") or ""
        account = self._account(url) if url else parts.get("accountname", "")
        blob_url = self._accounts.blob_endpoint(account)
        if not account or blob_url is None:
            message = f"No such host is known. ({url or account or connection.name})"
            raise StorageRefused(message)
        queue_url = parts.get("queueserviceuri") or ("" if url else self._accounts.queue_endpoint(account) or "")
        principal = self._principal(site, parts)
        self._check(principal, account, needs.blobs, "Azure.Storage.Blobs")
        if needs.queues and queue_url:
            self._check(principal, self._account(queue_url), needs.queues, "Azure.Storage.Queues")
        login = IdentityLogin(self._directory, principal.client_id)
        return OpenAccount(login, blob_url, queue_url, self._ca_file, self._accounts.headers(site.resource_id))

    def _account(self, url: str) -> str:
        if not url.startswith("https://"):
            message = f"Bearer token authentication is not permitted for non TLS protected (https) endpoints. ({url})"
            raise StorageRefused(message)
        found = self._accounts.account_at(url)
        if found is None:
            message = f"No such host is known. ({url})"
            raise StorageRefused(message)
        return found

    @staticmethod
    def _principal(site: SiteDefinition, parts: dict[str, str]) -> Principal:
        principal = identity_of(site, parts.get("clientid"))
        if principal is None:
            message = "ManagedIdentityCredential authentication failed: the app has no such identity. Status: 400"
            raise StorageRefused(message)
        return principal

    def _check(self, principal: Principal, account: str, groups: tuple[frozenset[str], ...], source: str) -> None:
        scope = self._account_id(account)
        held = self._roles.roles(principal.object_id, scope) if scope else frozenset()
        if not all(group & held for group in groups):
            raise StorageRefused(_said(403, "AuthorizationPermissionMismatch", _NO_PERMISSION, source))


def identity_of(site: SiteDefinition, client_id: str | None) -> Principal | None:
    """The app's identity with that client id; without one the system-assigned identity, which bears the app's name."""
    if client_id:
        wanted = client_id.lower()
        return next((who for client, who in site.identities.items() if client.lower() == wanted), None)
    return next(
        (who for who in site.identities.values() if who.display_name.replace("/slots/", "-") == site.name), None
    )


def told_by(error: HttpResponseError, source: str = "Azure.Storage.Blobs") -> str:
    """What the host's own client of storage tells of an error."""
    code = getattr(error, "error_code", "")
    return _said(error.status_code, str(getattr(code, "value", code)), error.message, source)


def _said(status: int | None, code: str, message: str, source: str) -> str:
    return f"{source}: {message.partition(chr(10))[0]} Status: {status}. ErrorCode: {code}"
