"""What the stand-in for Microsoft's base image has beside the host: what packages lean on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.base_images import Flavour, prepare
from azure_sandbox.base_images.wheels import install_wheels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.needs("docker", "mmdebstrap"), pytest.mark.exhaustive]

IMAGE = "functions-model-sandbox-test:debian"
MINOR = "3.11"
WHEELS = ("lightgbm==4.6.0", "opencv-python==4.11.0.86")
LOADS = """
import ctypes, json, pathlib, sys

def failure(name):
    try:
        ctypes.CDLL(name)
    except OSError as error:
        return str(error)
    return ""

print(json.dumps({name: failure(name) for name in sys.argv[1:]}))
"""
SCREEN = """
import pathlib, subprocess, time

screen = subprocess.Popen(["Xvfb", ":9"], stderr=subprocess.STDOUT, stdout=subprocess.PIPE)
for _ in range(100):
    if pathlib.Path("/tmp/.X11-unix/X9").exists() or screen.poll() is not None:
        break
    time.sleep(0.1)
print(screen.poll() is None)
screen.kill()
"""


class Debian:
    """Runs Python in containers of the stand-in's Debian."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, script: str, *words: str, mount: Path | None = None) -> str:
        volumes = {str(mount): {"bind": "/wheels", "mode": "ro"}} if mount else {}
        command = ["python3", "-c", script, *words]
        return str(self._client.containers.run(IMAGE, command, volumes=volumes, remove=True).decode())

    def failures(self, *libraries: str, mount: Path | None = None) -> dict[str, str]:
        """What the loader says of each library that cannot be loaded."""
        told = json.loads(self.run(LOADS, *libraries, mount=mount))
        return {name: failure for name, failure in told.items() if failure}


@pytest.fixture(scope="module")
def debian() -> Iterator[Debian]:
    import docker

    image = prepare(MINOR, Flavour.DOCKER)
    layer = image.blobs[json.loads(image.manifest)["layers"][0]["digest"]]
    client = docker.from_env(timeout=300)
    repository, _, tag = IMAGE.partition(":")
    client.api.import_image_from_file(str(layer), repository=repository, tag=tag)
    yield Debian(client)
    client.images.remove(IMAGE, force=True)
    client.close()


class TestDebian:
    def test_libraries(self, debian: Debian) -> None:
        """Those of the packages that Microsoft's image installs for OpenCV, OpenMP and ODBC."""
        names = (
            "libglib-2.0.so.0",
            "libgthread-2.0.so.0",
            "libSM.so.6",
            "libXext.so.6",
            "libXrender.so.1",
            "libGL.so.1",
        )

        assert {} == debian.failures(*names, "libgomp.so.1", "libodbc.so.2", "liblttng-ust.so.1", "libgssapi_krb5.so.2")

    def test_a_screen_that_nobody_sees(self, debian: Debian) -> None:
        """Xvfb starts, though nothing is there to draw OpenGL with."""
        assert "True" == debian.run(SCREEN).strip()

    def test_libraries_of_wheels(self, debian: Debian, tmp_path: Path) -> None:
        """LightGBM's own library and OpenCV's module find everything that they are linked with."""
        install_wheels(WHEELS, tmp_path, python=MINOR, linux=True)
        found = [
            f"/wheels/{path.relative_to(tmp_path)}"
            for pattern in ("lightgbm/lib/*.so", "cv2/*.so")
            for path in tmp_path.glob(pattern)
        ]

        assert 2 == len(found)
        assert {} == debian.failures(*found, mount=tmp_path)
