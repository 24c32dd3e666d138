"""The words that both sides of storage use with one another: a part of `contract`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StorageEndpoints:
    """Where an account's services answer: https URLs with a trailing slash."""

    blob: str
    queue: str
    table: str


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
