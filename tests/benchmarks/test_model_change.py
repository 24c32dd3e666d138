"""A model of 1 GiB was trained again: rebuild the image and push it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from benchmarks.bases import forget_base, sized_base
from benchmarks.commands import (
    curl_start,
    curl_upload,
    docker_build,
    docker_forget,
    docker_push,
    docker_remove,
    sha256sum,
)
from benchmarks.projects import Project, write_noise, write_project
from benchmarks.results import against
from benchmarks.timing import alternate, run, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.commands import Product
    from benchmarks.registries import BenchRegistry
    from benchmarks.results import Results

pytestmark = [pytest.mark.needs("docker", "docker-registry", "mmdebstrap"), pytest.mark.timeout(1500)]

SIZE = 1 << 30


class ModelChange:
    """Both sides on one project, a new model before each run.

    Args:
        project: Without a model yet.
        registry: Of both sides.
        product: Our side, with a warm cache.
        scratch: For the caches of fresh machines.
    """

    def __init__(self, project: Project, registry: BenchRegistry, product: Product, scratch: Path) -> None:
        self.project, self.registry, self.product, self.scratch = project, registry, product, scratch
        self.image = f"{registry.host}/docker/model:latest"
        self.inputs = project.inputs(registry.host, registry.base, "ours/model")
        self._numbers = itertools.count(1)
        self._kept = registry.large_blobs()

    def warm_up(self) -> None:
        """One run of each side with a small model: all but a model is in the registry, and in the caches."""
        write_noise(self.project.model, 1 << 20, 0)
        run(self.product.package(self.project.folder, self.inputs))
        self._docker()
        self._kept = self.registry.large_blobs()

    def ours(self) -> float:
        """On the machine of earlier runs."""
        self._retrain()
        return seconds(self.product.package(self.project.folder, self.inputs))

    def ours_fresh(self) -> float:
        """On a machine that has only the workspace and our own program."""
        self._retrain()
        fresh = self.product.fresh(self.scratch / f"fresh-{next(self._numbers)}")
        return seconds(fresh.package(self.project.folder, self.inputs))

    def docker(self) -> float:
        """With the base in the engine, and every step before the model in its cache."""
        self._retrain()
        return self._docker()

    def docker_fresh(self) -> float:
        """On an engine that has neither: the base is pulled, the packages are installed."""
        self._retrain()
        for command in docker_forget(self.image, self.registry.base):
            run(command)
        return self._docker()

    def limit(self) -> float:
        """Hash the bytes, then send them: what no tool that does one after the other can beat."""
        self._retrain()
        digest = run(sha256sum(self.project.model)).split()[0]
        location = _location(run(curl_start(self.registry.host, "limit/model")))
        url = f"{location}&digest=sha256:{digest}"
        return seconds(sha256sum(self.project.model), curl_upload(self.project.model, url))

    def _docker(self) -> float:
        """The cache is the build's, so the image itself can go again: there will be a dozen of them."""
        taken = seconds(docker_build(self.project.folder, self.image), docker_push(self.image))
        run(docker_remove(self.image))
        return taken

    def _retrain(self) -> None:
        self.registry.keep_only(self._kept)
        write_noise(self.project.model, SIZE, next(self._numbers))


def _location(head: str) -> str:
    return next(line.partition(":")[2].strip() for line in head.splitlines() if line.lower().startswith("location:"))


@pytest.fixture(scope="module")
def change(shared: BenchRegistry, product: Product, tmp_path_factory: pytest.TempPathFactory) -> ModelChange:
    """Both sides, warm, on a small base: neither side moves it."""
    return _prepared(shared, product, tmp_path_factory.mktemp("model-change"))


@pytest.fixture
def fresh_change(shared: BenchRegistry, product: Product, tmp_path: Path) -> Iterator[ModelChange]:
    """The same on a base of the real one's size, which a fresh engine pulls."""
    sized = replace(shared, base=sized_base(shared.host, tmp_path / "base"))
    yield _prepared(sized, product, tmp_path)
    forget_base(sized.base)


def _prepared(registry: BenchRegistry, product: Product, folder: Path) -> ModelChange:
    made = ModelChange(write_project(folder / "project", registry.base), registry, product, folder)
    made.warm_up()
    return made


def test_warm(change: ModelChange, results: Results) -> None:
    """Against `docker build` and `docker push` with a warm cache, and against hashing and sending the bytes."""
    ours, docker, limit = alternate(change.ours, change.docker, change.limit)

    results.add("model_change_vs_docker", against(ours, docker, aim=0.12))
    results.add("model_change_vs_limit", against(ours, limit, aim=1.0))


def test_fresh(fresh_change: ModelChange, results: Results) -> None:
    """Against the same on a fresh runner, where both sides have nothing but what the registry keeps."""
    ours, docker = alternate(fresh_change.ours_fresh, fresh_change.docker_fresh)

    results.add("model_change_vs_cold_docker", against(ours, docker, aim=0.08))
