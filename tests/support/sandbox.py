"""Sandboxes for tests: one for the whole session, or one of one's own."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import docker
import pytest

from azure_sandbox.sandbox import SHARED_GROUP, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.arm.store import Resource


_RUNNING = ("Microsoft.Web/sites", "Microsoft.Storage/storageAccounts", "Microsoft.ServiceBus/namespaces")
"""What has processes of its own, which look for work all the time."""


@pytest.fixture(scope="session")
def sandbox_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A local Azure that the tests of one worker share."""
    with Sandbox(tmp_path_factory.mktemp("sandbox")) as shared, _base_kept(shared):
        yield shared


@pytest.fixture(scope="module")
def sandbox(sandbox_of_the_session: Sandbox) -> Iterator[Sandbox]:
    """A local Azure that all tests share. Use names of your own; put back what you switch.

    What runs in it ends with the file that made it: a hundred apps that nobody asks any more keep a machine busy.
    What the sandbox brings itself stays: its workspace makes its storage account when a file first asks for it.
    """
    before = {str(one.id) for one in _running(sandbox_of_the_session)}
    yield sandbox_of_the_session
    for one in _running(sandbox_of_the_session):
        if str(one.id) not in before and one.id.group != SHARED_GROUP:
            sandbox_of_the_session.arm.store.remove(one.id)


def _running(sandbox: Sandbox) -> list[Resource]:
    return [one for kind in _RUNNING for one in sandbox.arm.store.list(resource_type=kind)]


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
