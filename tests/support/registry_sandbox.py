"""A local Azure that has real sign-in, real registries and nothing behind the rest: enough to package images."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import requests

from azure_sandbox.registry.server import public_registry_app, registry_app
from azure_sandbox.sandbox import Sandbox
from support.fake_data_plane import fake_data_plane
from support.inspecting import NOBODY, refresh_token
from support.sandbox_registries import Registries
from support.stored_images import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.data_plane import DataPlane, Surroundings


@contextmanager
def registry_sandbox(folder: Path) -> Iterator[tuple[Sandbox, Registries]]:
    """The sandbox, and what its registries hold. Access tokens expire when a fault says so."""
    registries = Registries(folder / "registries")
    with Sandbox(folder / "sandbox", data_plane=partial(_planes, registries)) as sandbox:
        yield sandbox, registries


def signed_in_reader(sandbox: Sandbox) -> Reader:
    """Reads from the sandbox's registry with the password that `docker login` takes."""
    session = requests.Session()
    session.verify = str(sandbox.endpoints.ca_bundle)
    session.trust_env = False  # a REQUESTS_CA_BUNDLE of this machine would win over `verify`
    session.auth = (NOBODY, refresh_token(sandbox))
    return Reader(f"https://{sandbox.endpoints.registry}", session)


def _planes(registries: Registries, surroundings: Surroundings, *more: Any) -> DataPlane:
    def app(current: Any) -> Any:
        place = (registries.of(current().name), surroundings.directory, surroundings.roles)
        return registry_app(current, *place, generation=surroundings.token_generation)

    fake = fake_data_plane(surroundings, *more)
    base = public_registry_app(registries.base)
    return replace(fake, copy_image=registries.copy, registry_app=app, base_app=base)
