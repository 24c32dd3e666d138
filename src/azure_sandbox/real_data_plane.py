"""Choose and build what brings resources to life: storage, registries, base images, and an engine that runs apps."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

from azure_sandbox.apps.docker_listens import docker_missing
from azure_sandbox.apps.platform import Platform
from azure_sandbox.base_images import BaseImageUnavailable, Flavour, prepare
from azure_sandbox.base_images.debian import SUITES
from azure_sandbox.base_images.interpreters import running_minor
from azure_sandbox.data_plane import DataPlane, EngineUnavailable
from azure_sandbox.registry.content import ContentStore
from azure_sandbox.registry.importing import prepare_copy
from azure_sandbox.registry.server import public_registry_app, registry_app
from azure_sandbox.service_bus import ServiceBusBroker
from azure_sandbox.storage import AzuriteStorage
from azure_sandbox.storage_gate import StorageJudge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import ASGIApp

    from azure_sandbox.base_images import BaseImage
    from azure_sandbox.contract import ImageImport, RegistryDefinition
    from azure_sandbox.data_plane import Engine, Surroundings
    from azure_sandbox.registries import RegistryApp

DEFAULT_PYTHON = "3.11"
"""The base image's Python for Docker, where the running interpreter's cannot be had."""


def build_data_plane(surroundings: Surroundings, engine: Engine, python: str | None = None) -> DataPlane:
    """Build it for the engine, or for the best one that this machine has.

    Args:
        surroundings: Where.
        engine: `auto` takes Docker where it answers, and processes where it does not.
        python: The base image's Python minor; the running interpreter's when left out.

    Raises:
        EngineUnavailable: The engine that was asked for by name is not there.
    """
    chosen, image, notes = _choose(engine, python, surroundings.report)
    closing = ExitStack()
    storage = build_storage(surroundings)
    closing.callback(storage.close)
    broker = _broker(surroundings)
    closing.callback(broker.close)
    apps = _apps(surroundings, chosen, storage)
    closing.callback(apps.close)
    contents = _Contents(surroundings.root, image)
    return DataPlane(
        engine=chosen,
        notes=notes,
        storage=storage,
        service_bus=broker,
        apps=apps,
        registry_app=_registry_app(surroundings, contents),
        base_app=public_registry_app(contents.base),
        base_image=f"{image.repository}:{image.tag}",
        python_version=image.tag.rpartition("python")[2],
        close=closing.close,
        copy_image=contents.copy,
        edit=apps.edit,
    )


def build_storage(surroundings: Surroundings) -> AzuriteStorage:
    """The storage accounts, with a check in front of each."""
    judge = StorageJudge(surroundings.storage, surroundings.directory, surroundings.roles)
    return AzuriteStorage(
        surroundings.root / "storage", surroundings.tls, judge.decide, surroundings.directory.tenant_id
    )


def _choose(
    engine: Engine, python: str | None, report: Callable[[str], None]
) -> tuple[str, BaseImage, tuple[str, ...]]:
    """The engine, its base image, and what had to be left out."""
    missing, first = "" if engine == "process" else docker_missing(os.environ), None
    if engine == "docker" and missing:
        raise EngineUnavailable(f"{missing.rstrip('.')}. Start Docker, or use `--engine process`.")
    if engine != "process" and not missing:
        try:
            return "docker", _prepare(python or _docker_python(), Flavour.DOCKER, report), ()
        except EngineUnavailable as unavailable:
            if engine == "docker":
                raise
            first = unavailable
    reason = (str(first) if first else missing).rstrip(".")
    minor = python or running_minor()
    try:
        image = _prepare(minor, Flavour.PROCESS, report)
    except EngineUnavailable as unavailable:
        # What failed first is to be mended. That the way around it is closed as well helps nobody.
        raise first or EngineUnavailable(f"{reason}. {unavailable}" if reason else str(unavailable)) from unavailable
    runs = f"apps run as plain processes on Python {minor}, which is fine for a first try"
    return "process", image, (f"Docker is not used ({reason}): {runs}.",) if reason else ()


def _prepare(python: str, flavour: Flavour, report: Callable[[str], None]) -> BaseImage:
    try:
        return prepare(python, flavour, report=report)
    except BaseImageUnavailable as unavailable:
        raise EngineUnavailable(str(unavailable)) from unavailable


def _docker_python() -> str:
    return running_minor() if running_minor() in SUITES else DEFAULT_PYTHON


def _broker(surroundings: Surroundings) -> ServiceBusBroker:
    return ServiceBusBroker(
        surroundings.root / "service-bus",
        surroundings.tls,
        access=surroundings.service_bus,
        directory=surroundings.directory,
        roles=surroundings.roles,
    )


def _apps(surroundings: Surroundings, engine: str, storage: AzuriteStorage) -> Platform:
    def account_id(name: str) -> str | None:
        rules = surroundings.storage().rules(name)
        return rules.resource_id if rules else None

    return Platform(
        surroundings.root / "apps",
        surroundings.directory,
        engine,
        tls=surroundings.tls,
        storage=storage,
        roles=surroundings.roles,
        account_id=account_id,
        pace=surroundings.pace,
        watch=surroundings.watch,
        hear=surroundings.hear,
        open_ports=surroundings.open_ports,
    )


class _Contents:
    """What the registries hold: each one's own, and the base images.

    Args:
        root: A folder.
        image: The base image.
    """

    def __init__(self, root: Path, image: BaseImage) -> None:
        self._root = root / "registries"
        self._known: dict[str, ContentStore] = {}
        self._lock = threading.Lock()
        self.base = ContentStore(root / "base-registry")
        image.publish(self.base)

    def of(self, name: str) -> ContentStore:
        """The content of the registry with that name."""
        with self._lock:
            known = self._known.get(name.lower())
            return known or self._known.setdefault(name.lower(), ContentStore(self._root / name.lower()))

    def copy(self, source: str, target: str, wanted: ImageImport) -> Callable[[], None]:
        """Check a copy, and give the function that makes it: `data_plane.ImageCopy`."""
        return prepare_copy(self.of(source) if source else self.base, self.of(target), wanted)


def _registry_app(surroundings: Surroundings, contents: _Contents) -> RegistryApp:
    def app(current: Callable[[], RegistryDefinition]) -> ASGIApp:
        return registry_app(
            current,
            contents.of(current().name),
            surroundings.directory,
            surroundings.roles,
            generation=surroundings.token_generation,
        )

    return app
