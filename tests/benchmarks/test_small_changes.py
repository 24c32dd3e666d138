"""What crosses the wire when little or nothing has changed, as a proxy before the registry counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.projects import write_noise, write_project
from benchmarks.results import alone
from benchmarks.timing import RUNS, run

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.commands import Product
    from benchmarks.counting import Counted
    from benchmarks.registries import BenchRegistry
    from benchmarks.results import Results

pytestmark = [pytest.mark.needs("docker", "docker-registry", "mmdebstrap"), pytest.mark.timeout(600)]


def test_small_changes(
    counted: tuple[BenchRegistry, Counted], product: Product, results: Results, tmp_path: Path
) -> None:
    """A script's line changes: kilobytes are sent. Nothing changes: a handful of questions, and no blob."""
    registry, count = counted
    project = write_project(tmp_path / "project", registry.base)
    write_noise(project.model, 16 << 20, 1)
    package = product.package(project.folder, project.inputs(registry.host, registry.base, "ours/small"))
    run(package)
    assert count.blob_bytes > 16 << 20, "the proxy counted nothing"

    code, blobs, requests = [], [], []
    for number in range(RUNS):
        project.change_script(number)
        count.reset()
        run(package)
        code.append(count.sent_bytes)
        count.reset()
        run(package)
        blobs.append(count.blob_bytes)
        requests.append(len(count.requests))

    results.add("code_change_bytes", alone(code, aim=20_000, unit="bytes"))
    results.add("no_change_bytes", alone(blobs, aim=0, unit="bytes"))
    results.add("no_change_requests", alone(requests, aim=7, unit="requests"))
