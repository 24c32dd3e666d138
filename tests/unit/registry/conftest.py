"""A registry in memory, a client that does not really sleep, and an image to push."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.references import ImageReference
from functions_model.registry import pull_base
from functions_model.registry.client import RegistryClient
from support.images import image_on, stored_base
from support.registry_server import RegistryServer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions_model.image.assembly import Image


@dataclass
class Time:
    """A clock that only moves when somebody sleeps, or when the test says so."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class World:
    """All that a push needs."""

    server: RegistryServer
    time: Time
    image: Image
    target: ImageReference
    masked: list[str] = field(default_factory=list)

    def client(self, credential: Any = None, host: str = "") -> RegistryClient:
        return RegistryClient(
            host or self.server.host, credential, clock=self.time, sleep=self.time.sleep, mask=self.masked.append
        )


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    yield from serving()


@pytest.fixture
def world(server: RegistryServer, tmp_path: Path) -> World:
    base = pull_base(RegistryClient(server.host), stored_base(server))
    server.seen.clear()
    return World(server, Time(), image_on(base, tmp_path), ImageReference(server.host, "package", "v1"))
