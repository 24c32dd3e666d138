"""What the Docker engine leaves behind: nothing."""

from __future__ import annotations

import os
import socket
import socketserver
import threading
import time
from contextlib import contextmanager, suppress
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


class _HungRemovals(socketserver.StreamRequestHandler):
    """The engine, but for requests that remove something: those get no answer."""

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect("/var/run/docker.sock")
            threading.Thread(target=_pass, args=(engine, self.connection), daemon=True).start()
            while request := self.connection.recv(65536):
                if not request.startswith(b"DELETE"):
                    engine.sendall(request)


def _pass(source: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while answer := source.recv(65536):
            to.sendall(answer)


@contextmanager
def hung_removals() -> Iterator[str]:
    """The address of an engine that removes nothing and does not say so."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _HungRemovals) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


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

    def test_one_that_the_engine_hangs_over_is_left(self, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """A removal without an answer is waited for a moment only, and the new engine works."""
        dead = {LABEL: "test", OWNER_LABEL: _owner(os.getpid()).partition("/")[0] + "/999999999.1"}
        container = client.containers.create(IMAGE, command="x", labels=dead)

        with hung_removals() as host:
            monkeypatch.setenv("DOCKER_HOST", host)
            begun = time.monotonic()
            DockerEngine(patience=1).close()
            seconds = time.monotonic() - begun

        container.remove(force=True)
        assert seconds < 30
