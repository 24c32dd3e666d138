"""The words that both sides of storage use with one another: a part of `contract`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from azure_sandbox.networks import NetworkRules


@dataclass(frozen=True, slots=True)
class StorageEndpoints:
    """Where an account's services answer: https URLs with a trailing slash."""

    blob: str
    queue: str
    table: str


@dataclass(frozen=True, slots=True)
class AccountRules:
    """Who may come into an account, as its settings say.

    Attributes:
        resource_id: Its ARM id, below which roles are looked up.
        takes_keys: `allowSharedKeyAccess`.
        public_blobs: `allowBlobPublicAccess`: whether a container may be open to everybody.
        network: Whom it lets in.
    """

    resource_id: str
    takes_keys: bool = True
    public_blobs: bool = False
    network: NetworkRules = field(default_factory=NetworkRules)


class StorageLaw(Protocol):
    """What holds for storage accounts. Implemented by the control plane."""

    def rules(self, account: str) -> AccountRules | None:
        """The rules of the account with that name; None when there is no such account."""

    def subnet_of(self, app: str) -> str:
        """The ARM id of the subnet that the app with that ARM id has joined; empty when there is none."""


class StorageEmulator(Protocol):
    """Real storage behind ARM's storage accounts (Azurite). Implemented by the data plane."""

    def create(self, account: str, keys: tuple[str, str]) -> StorageEndpoints:
        """Bring an account to life with these two keys; the same answer for an account that lives already."""

    def remove(self, account: str) -> None:
        """Stop it and delete its data."""

    def create_container(self, account: str, container: str) -> bool:
        """Create a blob container; False when it was there."""

    def containers(self, account: str) -> list[str]:
        """Every blob container, whoever made it."""

    def remove_container(self, account: str, container: str) -> bool:
        """Delete a blob container with its blobs; False when it was not there."""

    def upload(self, account: str, container: str, blob: str, content: bytes) -> None:
        """Write a blob, over one that is there. Creates the container."""
