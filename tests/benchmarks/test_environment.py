"""The environment: how long it takes on a machine that has nothing, and how large it is in the image."""

from __future__ import annotations

import gzip
import itertools
from contextlib import closing
from typing import TYPE_CHECKING, Any

import docker
import pytest

from benchmarks.bases import VERSION
from benchmarks.commands import docker_build, docker_remove, pip_install
from benchmarks.projects import copy_example, write_mlflow_dockerfile, write_noise, write_project
from benchmarks.results import against, alone
from benchmarks.timing import alternate, run, seconds
from support.stored_images import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.commands import Product
    from benchmarks.registries import BenchRegistry
    from benchmarks.results import Results

pytestmark = [pytest.mark.needs("docker", "docker-registry", "mmdebstrap"), pytest.mark.timeout(1200)]

MEGABYTE = 1_000_000


def test_install(shared: BenchRegistry, product: Product, results: Results, tmp_path: Path) -> None:
    """Resolved and installed on a machine without any cache: both sides end with the packages as files on the disk."""
    compare = _Installing(shared, product, tmp_path)

    results.add("env_install_vs_pip", against(*alternate(compare.written, compare.pip), aim=0.3))


def test_first_image(shared: BenchRegistry, product: Product, results: Results, tmp_path: Path) -> None:
    """A first image, packed and sent as well, against the installation alone in a container."""
    compare = _Installing(shared, product, tmp_path)

    results.add("first_image_vs_pip", against(*alternate(compare.sent, compare.pip), aim=0.5))


class _Installing:
    """The same requirements on both sides, each run with nothing of earlier ones."""

    def __init__(self, registry: BenchRegistry, product: Product, scratch: Path) -> None:
        self._registry, self._product, self._scratch = registry, product, scratch
        self._project = write_project(scratch / "project", registry.base)
        write_noise(self._project.model, 1 << 10, 1)
        self._numbers = itertools.count()

    def written(self) -> float:
        """A build context: all of an image's files, and no image."""
        folder = f"context-{next(self._numbers)}"
        return self._fresh({"builder": "dockerfile", "build-context": folder}, folder)

    def sent(self) -> float:
        """An image in a repository of its own."""
        return self._fresh({"cache-repository": "none"}, f"first-{next(self._numbers)}")

    def pip(self) -> float:
        """In a new container."""
        return seconds(pip_install(self._registry.base, self._project.folder / "requirements.txt"))

    def _fresh(self, more: dict[str, str], name: str) -> float:
        fresh = self._product.fresh(self._scratch / f"home-{name}")
        inputs = self._project.inputs(self._registry.host, self._registry.base, f"ours/{name}")
        return seconds(fresh.package(self._project.folder, {**inputs, **more}))


def test_size(shared: BenchRegistry, product: Product, results: Results, tmp_path: Path) -> None:
    """What our image of the iris model adds to its base, against what MLflow's own image of it adds."""
    sizes = [_added_by_us(shared, product, tmp_path, example) for example in ("iris-http", "mlflow-iris")]
    theirs = _added_by_mlflow(shared, tmp_path)

    results.add("image_size_vs_mlflow", against(sizes[:1], [theirs], aim=0.35, unit="MB"))
    results.add("mlflow_image_size_vs_mlflow", alone([sizes[1] / theirs], aim=0.5, unit="ratio"))
    sent = {name: layer["size"] for name, layer in _layers(shared, "ours/iris-http").items()}
    without = sum(size for name, size in sent.items() if name.startswith("dependencies")) / MEGABYTE
    with_it = without + sent["byte code"] / MEGABYTE
    results.add("dependency_bytes_vs_without", against([with_it], [without], aim=1.35, unit="MB"))


def _added_by_us(registry: BenchRegistry, product: Product, scratch: Path, example: str) -> float:
    """The sizes of the layers above the base, unpacked, in MB."""
    workspace = copy_example(example, scratch / example)
    inputs = {
        "model-path": "model",
        "python-version": VERSION,
        "registry": registry.host,
        "base-image": registry.base,
        "image-name": f"ours/{example}",
        "image-tag": "latest",
    }
    if (workspace / "score.py").exists():
        inputs |= {"entry-script": "score.py", "environment-file": "conda.yml"}
    run(product.package(workspace, inputs))
    manifest = registry.manifest(f"ours/{example}", "latest")
    base = registry.manifest(*registry.base.removeprefix(f"{registry.host}/").split(":"))
    added = manifest["layers"][len(base["layers"]) :]
    return sum(_unpacked(registry, f"ours/{example}", layer) for layer in added) / MEGABYTE


def _layers(registry: BenchRegistry, repository: str) -> dict[str, dict[str, Any]]:
    """Our layers' descriptors, by their names."""
    return Reader(f"http://{registry.host}").image(repository, "latest").layers


def _unpacked(registry: BenchRegistry, repository: str, layer: dict[str, Any]) -> int:
    """The size of a layer's tar: what an engine writes to its disk."""
    with registry.blob(repository, layer["digest"]) as stream:
        tar = gzip.GzipFile(fileobj=stream) if layer["mediaType"].endswith("gzip") else stream
        return sum(len(block) for block in iter(lambda: tar.read(1 << 20), b""))


def _added_by_mlflow(registry: BenchRegistry, scratch: Path) -> float:
    """What the engine says of an image with MLflow and the model's own requirements, less its base, in MB."""
    folder = scratch / "mlflow"
    write_mlflow_dockerfile(folder, registry.base)
    image = f"{registry.host}/mlflow/iris:latest"
    run(docker_build(folder, image))
    with closing(docker.from_env()) as client:
        client.images.pull(registry.base)
        whole, base = (int(client.images.get(name).attrs["Size"]) for name in (image, registry.base))
    run(docker_remove(image))
    return (whole - base) / MEGABYTE
