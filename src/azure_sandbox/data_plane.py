"""What the data plane is built in, and what it consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from azure_sandbox.apps.engine import unheard
from azure_sandbox.contract import ImportRefused
from azure_sandbox.pace import Pace

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.contract import (
        AppPlatform,
        Directory,
        ImageImport,
        RoleBook,
        ServiceBusAccess,
        ServiceBusEmulator,
    )
    from azure_sandbox.registries import RegistryApp
    from azure_sandbox.storage_contract import StorageEmulator, StorageLaw

ImageCopy = Callable[[str, str, "ImageImport"], "Callable[[], None]"]
"""Checks a copy from one registry (by name; nothing for the registry of base images) to another, and gives the function
that makes it."""
Engine = Literal["auto", "docker", "process"]


def no_edit(name: str, files: Mapping[str, bytes]) -> str:
    """What a data plane without apps answers to every edit of an app's files."""
    del files
    return f"nothing runs `{name}`"


def no_copy(source: str, target: str, wanted: ImageImport) -> Callable[[], None]:
    """What a data plane without content answers to every copy.

    Raises:
        ImportRefused: Always.
    """
    message = f"registry `{target}` keeps no content, and cannot take {wanted.repository} from `{source}`"
    raise ImportRefused(message)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the data plane is built in.

    Attributes:
        root: A folder for its data.
        tls: The sandbox's certificates.
        directory: Entra.
        roles: Role assignments.
        storage: What holds for storage accounts; asked late, as it is built later.
        service_bus: Who may do what in Service Bus namespaces; asked late, as it is built later.
        report: Told about slow steps.
        token_generation: Access tokens of registries from before its last change have expired.
        pace: How fast listeners fail.
        hear: Told each line that an app writes, when it does.
        open_ports: What else of this machine the apps may reach.
        watch: Puts somebody who writes requests down before the application of the app with a name.
    """

    root: Path
    tls: TlsFiles
    directory: Directory
    roles: RoleBook
    storage: Callable[[], StorageLaw]
    service_bus: Callable[[], ServiceBusAccess]
    report: Callable[[str], None]
    token_generation: Callable[[], int] = lambda: 0
    pace: Pace = field(default_factory=Pace)
    watch: Callable[[ASGIApp, str], ASGIApp] = lambda app, _: app
    hear: Callable[[str], None] = unheard
    open_ports: frozenset[int] = frozenset()


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
        copy_image: Copies images between registries.
        edit: Exchanges files, by absolute path, of the running app with that name; without files, starts it from its
            image again. It tells why that failed, nothing when it did not.
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
    copy_image: ImageCopy = no_copy
    edit: Callable[[str, Mapping[str, bytes]], str] = no_edit


def real_parts(surroundings: Surroundings, engine: Engine, python: str | None) -> DataPlane:
    """The real ones. Late: they take the docker SDK and the storage client, which a control plane with others lacks."""
    from azure_sandbox.real_data_plane import build_data_plane  # noqa: PLC0415

    return build_data_plane(surroundings, engine, python)


class EngineUnavailable(Exception):
    """The engine that was asked for cannot be had here. The text says why and what to do."""
