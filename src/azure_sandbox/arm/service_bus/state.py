"""Service Bus namespaces, their queues and access rules, and the broker that makes them real."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure_sandbox.arm.store import Store
    from azure_sandbox.contract import AccessRule, ServiceBusEmulator


class ServiceBusNamespaces:
    """All namespaces of the subscription. Implements `contract.ServiceBusAccess`.

    Args:
        store: Where resources are kept.
        emulator: Brings a namespace to life.
    """

    def __init__(self, store: Store, emulator: ServiceBusEmulator) -> None:
        self._store = store
        self._emulator = emulator

    def rule(self, namespace: str, queue: str | None, name: str) -> AccessRule | None:  # noqa: ARG002
        """The rule with that name."""
        return None

    def queue_id(self, namespace: str, queue: str) -> str | None:  # noqa: ARG002
        """The queue's ARM id."""
        return None
