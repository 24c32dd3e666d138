"""What the data plane is built in, and what it consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import ASGIApp

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.contract import (
        AppPlatform,
        Directory,
        RoleBook,
        ServiceBusAccess,
        ServiceBusEmulator,
        StorageEmulator,
    )
    from azure_sandbox.registries import RegistryApp

Engine = Literal["auto", "docker", "process"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the data plane is built in.

    Attributes:
        root: A folder for its data.
        tls: The sandbox's certificates.
        directory: Entra.
        roles: Role assignments.
        account_id: The ARM id of the storage account with that name; None when there is none.
        service_bus: Who may do what in Service Bus namespaces; asked late, as it is built later.
        report: Told about slow steps.
    """

    root: Path
    tls: TlsFiles
    directory: Directory
    roles: RoleBook
    account_id: Callable[[str], str | None]
    service_bus: Callable[[], ServiceBusAccess]
    report: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DataPlane:
    """The built parts.

    Attributes:
        engine: `docker` or `process`.
        notes: What this machine cannot do, a line each.
        storage: Behind ARM's storage accounts.
        service_bus: Behind ARM's Service Bus namespaces.
        apps: Behind ARM's function apps.
        registry_app: Makes the application of one registry.
        base_app: The registry of base images.
        base_image: `repository:tag` there.
        python_version: The base image's Python.
        close: Stops everything that was started.
    """

    engine: str
    notes: tuple[str, ...]
    storage: StorageEmulator
    service_bus: ServiceBusEmulator
    apps: AppPlatform
    registry_app: RegistryApp
    base_app: ASGIApp
    base_image: str
    python_version: str
    close: Callable[[], None]


class EngineUnavailable(Exception):
    """The engine that was asked for cannot be had here. The text says why and what to do."""
