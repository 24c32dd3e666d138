"""The image by itself: what other tools make of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import docker
import pytest
import requests

from support.deployer import Deployer
from support.inspecting import NOBODY, refresh_token, skopeo_inspect

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def packaged(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """An image in the sandbox's registry, anonymous to call."""
    deployer = Deployer(sandbox, tmp_path_factory.mktemp("image"), "echo-image")
    run = deployer.run(mode="package", image_name="by-itself", auth_level="anonymous")
    assert run.code == 0, run.log
    return run


@pytest.mark.needs("skopeo")
def test_skopeo_accepts_it(packaged: Run, sandbox: Sandbox) -> None:
    """`skopeo inspect` reads manifest and configuration, and finds the same digest."""
    inspected = skopeo_inspect(sandbox, packaged.outputs["image"])

    assert inspected["Digest"] == packaged.outputs["digest"]
    assert (inspected["Architecture"], inspected["Os"]) == ("amd64", "linux")
    assert inspected["Labels"]["functions-model.trigger"] == "http"


@pytest.mark.needs("docker", "mmdebstrap")
def test_docker_engine_runs_it_and_it_scores(packaged: Run, sandbox: Sandbox) -> None:
    """Pulled by digest and started with nothing but a port: the model answers over HTTP."""
    with _running(packaged.outputs["image"], refresh_token(sandbox)) as url:
        answer = requests.post(f"{url}/api/score", json={"x": [1, 2]}, timeout=60)
        identity = requests.get(f"{url}/api/identity", timeout=60)

    assert (answer.status_code, answer.json()) == (200, {"model": "first", "got": {"x": [1, 2]}})
    assert identity.json()["models"] == [{"name": "model", "version": "1"}]


class _running:  # noqa: N801 - reads as the context manager that it is
    """A container of an image, removed at the end, the image too."""

    def __init__(self, image: str, password: str) -> None:
        self._client = docker.from_env()
        pulled = self._client.images.pull(image, auth_config={"username": NOBODY, "password": password})
        self._image = str(pulled.id)
        ports: Any = {"80/tcp": ("127.0.0.1", None)}
        self._container = self._client.containers.run(self._image, detach=True, ports=ports)

    def __enter__(self) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self._container.reload()
            ports = self._container.ports.get("80/tcp")
            if ports:
                url = f"http://127.0.0.1:{ports[0]['HostPort']}"
                try:
                    if requests.get(f"{url}/api/identity", timeout=5).status_code == 200:
                        return url
                except requests.RequestException:
                    pass
            time.sleep(0.3)
        self.__exit__()
        pytest.fail(f"the container did not answer:\n{self._container.logs().decode()}")

    def __exit__(self, *_: object) -> None:
        self._container.remove(force=True, v=True)
        self._client.images.remove(self._image, force=True)
        self._client.close()
