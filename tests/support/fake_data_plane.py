"""A data plane of dictionaries: the control plane alone, without Azurite, containers or registries."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

from azure_sandbox.contract import AppState, HostKeys, QueueCounts
from azure_sandbox.data_plane import DataPlane
from azure_sandbox.storage_contract import StorageEndpoints

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from azure_sandbox.contract import QueueDefinition, RegistryDefinition, SiteDefinition
    from azure_sandbox.data_plane import Engine, Surroundings


class FakeStorage:
    """Implements `contract.StorageEmulator`."""

    def __init__(self) -> None:
        self.accounts: dict[str, set[str]] = {}
        self.blobs: dict[tuple[str, str, str], bytes] = {}

    def create(self, account: str, keys: tuple[str, str]) -> StorageEndpoints:
        self.accounts.setdefault(account, set())
        return StorageEndpoints(*(f"https://localhost:1/{kind}/{account}/" for kind in ("blob", "queue", "table")))

    def remove(self, account: str) -> None:
        self.accounts.pop(account, None)

    def create_container(self, account: str, container: str) -> bool:
        new = container not in self.accounts[account]
        self.accounts[account].add(container)
        return new

    def containers(self, account: str) -> list[str]:
        return sorted(self.accounts[account])

    def remove_container(self, account: str, container: str) -> bool:
        there = container in self.accounts[account]
        self.accounts[account].discard(container)
        return there

    def upload(self, account: str, container: str, blob: str, content: bytes) -> None:
        self.create_container(account, container)
        self.blobs[account, container, blob] = content


class FakeServiceBus:
    """Implements `contract.ServiceBusEmulator`."""

    def __init__(self) -> None:
        self.namespaces: dict[str, dict[str, QueueDefinition]] = {}

    def create_namespace(self, name: str) -> str:
        self.namespaces.setdefault(name, {})
        return f"localhost:{30000 + sum(name.encode()) % 1000}"

    def remove_namespace(self, name: str) -> None:
        self.namespaces.pop(name, None)

    def put_queue(self, namespace: str, definition: QueueDefinition) -> None:
        self.namespaces[namespace][definition.name.lower()] = definition

    def remove_queue(self, namespace: str, queue: str) -> None:
        self.namespaces[namespace].pop(queue.lower(), None)

    def counts(self, namespace: str, queue: str) -> QueueCounts:
        assert queue.lower() in self.namespaces[namespace]
        return QueueCounts(0, 0)


class FakeApps:
    """Implements `contract.AppPlatform`; an app runs when the test says so."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.applied: list[SiteDefinition] = []
        self.restarted: list[str] = []
        self.removed: list[str] = []
        self.current = AppState.STARTING
        self.swapped: list[tuple[SiteDefinition, SiteDefinition]] = []
        self.comes_to_life = True
        self.may_swap = threading.Event()
        self.may_swap.set()

    def reserve(self, name: str) -> str:
        return f"localhost:{40000 + sum(name.encode()) % 1000}"

    def apply(self, site: SiteDefinition) -> None:
        self.applied.append(site)

    def restart(self, resource_id: str) -> None:
        self.restarted.append(resource_id)

    def swap(self, first: SiteDefinition, second: SiteDefinition) -> bool:
        self.may_swap.wait(30)
        self.swapped.append((first, second))
        return self.comes_to_life

    def remove(self, resource_id: str) -> None:
        self.removed.append(resource_id)

    def state(self, resource_id: str) -> AppState:
        return self.current

    def log(self, resource_id: str) -> str:
        return "" if self.current is AppState.STARTING else "Starting container\n"

    def ask_host(self, resource_id: str, method: str, path: str) -> tuple[int, bytes] | None:
        return (200, json.dumps({"asked": f"{method} {path}"}).encode()) if self._runs else None

    def keys(self, resource_id: str) -> HostKeys | None:
        return HostKeys("master", {"default": "one"}) if self._runs else None

    def function_keys(self, resource_id: str, function: str) -> dict[str, str] | None:
        return {"default": "two"} if self._runs else None

    def functions(self, resource_id: str) -> list[dict[str, object]] | None:
        binding = {"type": "httpTrigger", "route": "score", "authLevel": "function"}
        return [{"name": "score", "config": {"bindings": [binding]}}] if self._runs else None

    @property
    def _runs(self) -> bool:
        return self.current is AppState.RUNNING


def fake_data_plane(surroundings: Surroundings, engine: Engine, python: str | None) -> DataPlane:
    """For `Sandbox(data_plane=...)`."""

    def registry_app(current: Callable[[], RegistryDefinition]) -> ASGIApp:
        return PlainTextResponse("a registry")

    return DataPlane(
        engine="none",
        notes=(),
        storage=FakeStorage(),
        service_bus=FakeServiceBus(),
        apps=FakeApps(),
        registry_app=registry_app,
        base_app=PlainTextResponse("base images"),
        base_image="azure-functions/python:4-python3.11",
        python_version=python or "3.11",
        close=lambda: None,
    )
