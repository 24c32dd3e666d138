"""Docker Engine pulls and runs what the builder made."""

from __future__ import annotations

import io
import shutil
import tarfile
import uuid
from typing import TYPE_CHECKING

import pytest

from functions_model.core.references import ImageReference
from functions_model.image.assembly import assemble
from functions_model.image.compression import Compression
from functions_model.image.files import FileTree, Link, TreeFile
from functions_model.image.layers import LayerPlan, build_layer
from functions_model.registry import pull_base
from functions_model.registry.client import RegistryClient
from support.docker_registry import running_registry
from support.images import push_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import docker

pytestmark = pytest.mark.needs("docker", "docker-registry", "busybox")

SHOW = """
/bin/busybox cat /home/größe/latest/model
echo " $WHO $(/home/tool)"
/bin/busybox stat -c '%a %u %g' /home/größe
"""


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    import docker

    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    with running_registry(tmp_path / "registry") as started:
        yield started


@pytest.fixture
def base(engine: docker.DockerClient, host: str) -> Iterator[ImageReference]:
    """A base that the engine itself made and pushed: one static program that is a whole system."""
    name = f"{host}/base"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(shutil.which("busybox") or "", "bin/busybox")
        link = tarfile.TarInfo("bin/sh")
        link.type, link.linkname = tarfile.SYMTYPE, "busybox"
        archive.addfile(link)
    made = engine.api.import_image_from_data(packed.getvalue(), repository=name, tag="4", changes=['CMD ["/bin/sh"]'])
    assert "sha256" in made
    engine.images.push(name, tag="4")
    yield ImageReference(host, "base", "4")
    engine.images.remove(f"{name}:4", force=True)


class TestEngine:
    @pytest.mark.parametrize("form", [Compression.GZIP, Compression.STORED, Compression.RAW])
    def test_an_image_is_pulled_and_runs(
        self, engine: docker.DockerClient, base: ImageReference, form: Compression, tmp_path: Path
    ) -> None:
        """Links, non-ASCII and long paths, execute bits, variables and the base's command arrive as they were meant."""
        deep = "/".join(["d" * 100] * 3)
        tree = FileTree.of(
            [
                TreeFile("home/größe/v1/model", b"weights"),
                TreeFile("home/größe/latest", Link("v1")),
                TreeFile(f"home/{deep}/file", b"deep\n"),
                TreeFile("home/tool", b"#!/bin/sh\necho ran\n", executable=True),
            ]
        )
        client = RegistryClient(base.registry)
        # Two layers with folders in common, as a large model has them.
        halves = (FileTree(tree.files[::2]), FileTree(tree.files[1::2]))
        layers = [build_layer(LayerPlan("model", half, form), tmp_path / "spool") for half in halves]
        image = assemble(pull_base(client, base), layers, env={"WHO": "us"}, labels={"made-by": "test"})
        target = ImageReference(base.registry, f"made-{uuid.uuid4().hex[:8]}", "v1")
        push_image(client, image, target, base_client=client)
        try:
            pulled = engine.images.pull(f"{target.registry}/{target.repository}", tag="v1")
            said = engine.containers.run(
                pulled, ["-c", SHOW + f"/bin/busybox cat /home/{deep}/file"], entrypoint="/bin/sh", remove=True
            )
        finally:
            engine.images.remove(str(target), force=True)

        assert "weights us ran\n755 0 0\ndeep\n" == said.decode()
        assert ["made-by"] == list(pulled.labels)
        assert [f"{target.registry}/{target.repository}@{image.digest}"] == pulled.attrs["RepoDigests"]
