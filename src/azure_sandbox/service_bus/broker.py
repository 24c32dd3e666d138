"""Namespaces and their queues, served over AMQP."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.contract import Directory, QueueCounts, QueueDefinition, RoleBook, ServiceBusAccess


class ServiceBusBroker:
    """Serves namespaces. Implements `contract.ServiceBusEmulator`; close it to stop them all.

    Args:
        root: A folder for its data.
        tls: The sandbox's certificates.
        access: Knows rules, keys and queue ids; asked late, as it is built later.
        directory: Says whose access token it is.
        roles: Says what an identity may do.
    """

    def __init__(
        self,
        root: Path,
        tls: TlsFiles,
        *,
        access: Callable[[], ServiceBusAccess],
        directory: Directory,
        roles: RoleBook,
    ) -> None:
        self._root, self._tls, self._access, self._directory, self._roles = root, tls, access, directory, roles

    def create_namespace(self, name: str) -> str:
        """Bring a namespace to life."""
        raise NotImplementedError(name)

    def remove_namespace(self, name: str) -> None:
        """Forget a namespace."""

    def put_queue(self, namespace: str, definition: QueueDefinition) -> None:
        """Create or change a queue."""
        raise NotImplementedError(namespace, definition)

    def remove_queue(self, namespace: str, queue: str) -> None:
        """Forget a queue."""

    def counts(self, namespace: str, queue: str) -> QueueCounts:
        """How many messages a queue holds."""
        raise KeyError(namespace, queue)

    def close(self) -> None:
        """Stop everything."""
