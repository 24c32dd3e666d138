"""What whole runs that something happens to have in common."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support.failing_runs import packaging, put_base
from support.hostile_runs import HoldingRegistry, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[HoldingRegistry]:
    """A registry in memory with a base image, which can keep requests waiting."""
    server = HoldingRegistry()
    server.start()
    put_base(server, tmp_path / "base")
    yield server
    server.go.set()
    server.stop()


@pytest.fixture
def place(registry: HoldingRegistry, tmp_path: Path) -> Place:
    """The echo project, to be packaged."""
    return Place(tmp_path, packaging(registry, tmp_path / "workspace"))


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file whose content `az` prints, whatever it is asked."""
    printed, program = tmp_path / "printed", tmp_path / "az"
    program.write_text(f"#!/bin/sh\ncat '{printed}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return printed
