"""`make real HOST_ONLY=1`, pointed at the sandbox's stand-in for Microsoft's base image."""

from __future__ import annotations

import io
import subprocess
import tarfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest

from azure_sandbox.base_images.cache import cache_folder
from azure_sandbox.storage import install_azurite
from support.judging import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.sandbox import Sandbox

AZURITE = "functions-model-test/azurite:1"


class TestAsking:
    """Before anything is made."""

    @pytest.mark.exhaustive
    def test_without_an_engine_it_says_so(self) -> None:
        """In a line, not in a traceback."""
        ended = judge("--host-only", DOCKER_HOST="unix:///nowhere/docker.sock")

        assert ended.returncode == 2
        assert ended.stdout.startswith("DockerException: Error while fetching server API version")
        assert "Traceback" not in ended.stdout


@pytest.mark.exhaustive
@pytest.mark.needs("docker")
@pytest.mark.timeout(1800)
class TestJudging:
    """What the real host is asked, asked of the stand-in. A mark that is needed no more fails here."""

    def test_the_stand_in_for_microsofts_image(self) -> None:
        """The stand-in does what the host's source says, but for what is marked."""
        ended = judge("--target", "sandbox", "--host-only")

        assert ended.returncode == 0, ended.stdout
        assert ended.stdout.count("\nRemoved functions-model-real-") == 1


@pytest.mark.exhaustive
@pytest.mark.needs("docker")
@pytest.mark.timeout(900)
class TestContainers:
    """`make real HOST_ONLY=1` itself: containers of an image with Azurite beside them, on the engine."""

    @pytest.fixture
    def azurite(self, sandbox: Sandbox) -> Iterator[str]:
        """Azurite in an image, as Microsoft's registry has it; the program and the libraries are this machine's."""
        node, script = install_azurite(cache_folder())
        with closing(docker.from_env(timeout=300)) as engine:
            engine.images.pull(sandbox.endpoints.base_image)
            context = azurite_context(sandbox.endpoints.base_image, Path(node).resolve(), script.parents[4])
            engine.images.build(fileobj=context, custom_context=True, tag=AZURITE, rm=True)
            yield AZURITE
            engine.images.remove(AZURITE, force=True)

    def test_a_host_is_looked_at(self, sandbox: Sandbox, azurite: str) -> None:
        """With the stand-in's image as if it were Microsoft's: what needs no platform around the container."""
        looks = ("test_image.py::TestConfiguration", "test_host.py::TestBodies::test_with_a_length")
        images = ("--image", sandbox.endpoints.base_image, "--storage-image", azurite, "--no-pull")
        with closing(docker.from_env()) as engine:
            before = {one.id for one in engine.containers.list(all=True, filters={"label": "functions-model-real"})}

            ended = judge("--host-only", *images, *looks)

            left = {one.id for one in engine.containers.list(all=True, filters={"label": "functions-model-real"})}
        assert ended.returncode == 0, ended.stdout
        assert "bytes of a body with a length: 1000 (as believed)" in ended.stdout
        assert left <= before


def azurite_context(base: str, node: Path, home: Path) -> io.BytesIO:
    """A Docker context: node with the libraries that it needs, and Azurite's packages."""
    needed = subprocess.run(["ldd", node], capture_output=True, text=True, check=True).stdout
    libraries = [Path(word) for word in needed.split() if word.startswith("/")]
    loader = next(path for path in libraries if path.name.startswith("ld-linux"))
    start = (
        f"#!/bin/sh\nexec /lib-node/{loader.name} --library-path /lib-node"
        ' /node /azurite/node_modules/azurite/dist/src/azurite.js "$@"\n'
    )
    dockerfile = (
        f"FROM {base}\nCOPY node /node\nCOPY lib /lib-node\nCOPY azurite /azurite\nCOPY start /usr/local/bin/azurite\n"
    )
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", dereference=True) as tar:
        tar.add(node, "node")
        tar.add(home, "azurite")
        for path in libraries:
            tar.add(path, f"lib/{path.name}")
        for name, text, mode in (("Dockerfile", dockerfile, 0o644), ("start", start, 0o755)):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text), mode
            tar.addfile(member, io.BytesIO(text.encode()))
    stream.seek(0)
    return stream
