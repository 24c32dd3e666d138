"""What the runs that end before anything needs Azure have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.failing_runs import put_base
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
def folder(tmp_path: Path) -> Path:
    """A workspace that is not there yet."""
    return tmp_path / "workspace"
