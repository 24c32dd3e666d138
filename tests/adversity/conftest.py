"""What whole runs that something happens to have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.failing_runs import packaging, put_base
from support.hostile_runs import Place
from support.registry_server import RegistryServer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[RegistryServer]:
    """A registry in memory with a base image."""
    for server in serving():
        put_base(server, tmp_path / "base")
        yield server


@pytest.fixture
def place(registry: RegistryServer, tmp_path: Path) -> Place:
    """The echo project, to be packaged."""
    return Place(tmp_path, packaging(registry, tmp_path / "workspace"))
