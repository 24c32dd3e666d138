"""Models at the edges: one file of 10 GiB, and 100,000 small ones."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from benchmarks.commands import sha256sum, tar
from benchmarks.projects import Project, write_project, write_small_files, write_sparse
from benchmarks.results import Measurement, against
from benchmarks.timing import alternate, peak_mib, run, seconds

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.commands import Product
    from benchmarks.registries import BenchRegistry
    from benchmarks.results import Results

pytestmark = [pytest.mark.needs("docker", "docker-registry", "mmdebstrap"), pytest.mark.timeout(900)]


@pytest.fixture
def project(shared: BenchRegistry, tmp_path: Path) -> Project:
    """Without a model."""
    return write_project(tmp_path / "project", shared.base)


def test_memory(project: Project, shared: BenchRegistry, product: Product, results: Results) -> None:
    """Memory stays flat, whether the model is compressed or sent as it is. One run of each will do."""
    inputs = project.inputs(shared.host, shared.base, "ours/large")
    write_sparse(project.model, 1 << 20)
    run(product.package(project.folder, inputs))
    write_sparse(project.model, 10 << 30)
    kept = shared.large_blobs()

    peaks = []
    for form in ("gzip", "stored"):
        peaks.append(peak_mib(product.package(project.folder, {**inputs, "model-compression": form})))
        shared.keep_only(kept)

    results.add("rss_mib_10gib", Measurement(round(max(peaks), 1), 300, tuple(peaks), (), "MiB"))


def test_small_files(
    project: Project, shared: BenchRegistry, product: Product, results: Results, tmp_path: Path
) -> None:
    """One of 100,000 files has changed: the whole image, packed and sent, against packing and hashing the folder."""
    folder = project.folder / "model"
    write_small_files(folder, 100_000, 4096)
    inputs = project.inputs(shared.host, shared.base, "ours/many")
    run(product.package(project.folder, inputs))
    numbers = itertools.count(1)

    def ours() -> float:
        (folder / "part-0500" / "050000.bin").write_bytes(next(numbers).to_bytes(8, "big") * 512)
        return seconds(product.package(project.folder, inputs))

    def theirs() -> float:
        archive = tmp_path / "model.tar"
        taken = seconds(tar(folder, archive), sha256sum(archive))
        archive.unlink()
        return taken

    results.add("files_100k", against(*alternate(ours, theirs), aim=2))
