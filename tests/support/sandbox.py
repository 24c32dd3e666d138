"""Sandboxes for tests: one for the whole session, or one of one's own."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import docker
import pytest

from azure_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A local Azure that all tests share. Use names of your own; put back what you switch."""
    with Sandbox(tmp_path_factory.mktemp("sandbox")) as shared, _base_kept(shared):
        yield shared


@pytest.fixture
def fresh_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A local Azure for one test."""
    with Sandbox(tmp_path_factory.mktemp("fresh-sandbox")) as own:
        yield own


@contextmanager
def _base_kept(sandbox: Sandbox) -> Iterator[None]:
    """Keep the base image's layers in the Docker engine, which would unpack them anew for each sandbox (5 s)."""
    if sandbox.data.engine != "docker":
        yield
        return
    with closing(docker.from_env()) as client:
        base = sandbox.endpoints.base_image
        client.images.pull(base)
        yield
        client.images.remove(base)
