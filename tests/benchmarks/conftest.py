"""What the benchmarks share. They run only when this folder is named: `make bench`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from benchmarks.bases import python_base
from benchmarks.commands import Product
from benchmarks.registries import counting_registry, registry
from benchmarks.results import Results
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.counting import Counted
    from benchmarks.registries import BenchRegistry

HERE = ROOT / "tests" / "benchmarks"
RESULTS = pytest.StashKey[Results]()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the benchmarks out of every run that does not name them: they take minutes, and both of two cores."""
    named = any((config.invocation_params.dir / word.partition("::")[0]).is_relative_to(HERE) for word in config.args)
    return None if named or not collection_path.name.startswith("test_") else True


def pytest_configure(config: pytest.Config) -> None:
    """Begin with no results."""
    config.stash[RESULTS] = Results(ROOT / "build" / "bench.json", strict=os.environ.get("BENCH_STRICT") == "1")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    results = config.stash[RESULTS]
    if results.measured:
        terminalreporter.section("benchmarks")
        terminalreporter.write_line(results.table())


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest) -> Results:
    """Where measurements go; written to `build/bench.json` after each."""
    return request.config.stash[RESULTS]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchRegistry]:
    """A registry with the base image in it."""
    with registry(tmp_path_factory.mktemp("registry")) as started:
        started.base = python_base(started.host)
        yield started


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Product:
    """The command line, with a cache of its own that stays warm for the whole session."""
    return Product(tmp_path_factory.mktemp("home"))


@pytest.fixture
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BenchRegistry, Counted]]:
    """A registry with the base image, behind a proxy that counts."""
    with counting_registry(tmp_path_factory.mktemp("counted")) as (started, count):
        started.base = python_base(started.host)
        count.reset()
        yield started, count
