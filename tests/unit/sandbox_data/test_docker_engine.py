"""What the Docker engine leaves behind: nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.apps.docker_engine import LABEL, OWNER_LABEL, DockerEngine, _owner

from .images import tar_of

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = "functions-model-sandbox-test:empty"


@pytest.fixture
def client() -> Iterator[Any]:
    import docker

    made = docker.from_env()
    repository, _, tag = IMAGE.partition(":")
    made.api.import_image_from_data(tar_of({"a": "a"}), repository=repository, tag=tag)
    yield made
    made.images.remove(IMAGE, force=True)
    made.close()


@pytest.mark.needs("docker")
class TestLeftovers:
    def test_containers_of_a_crashed_sandbox_are_removed(self, client: Any) -> None:
        """A new engine removes containers whose owner is gone, and leaves those of the living."""
        mine = _owner(os.getpid())
        host, _, process = mine.partition("/")
        reborn = f"{host}/{process.partition('.')[0]}.1"
        owners = {"living": mine, "dead": f"{host}/999999999.1", "reborn": reborn, "elsewhere": "other-host/1.1"}
        made = {
            name: client.containers.create(IMAGE, command="x", labels={LABEL: "test", OWNER_LABEL: owner})
            for name, owner in owners.items()
        }
        DockerEngine().close()
        left = {container.id for container in client.containers.list(all=True, filters={"label": f"{LABEL}=test"})}
        for container in client.containers.list(all=True, filters={"label": f"{LABEL}=test"}):
            container.remove(force=True)

        assert {made["living"].id, made["elsewhere"].id} == left
