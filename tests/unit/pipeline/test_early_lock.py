"""The lock is resolved beside the login, and dropped where the run ends before it is needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.core.spec import DeploymentSpec
from functions_model.core.work import silent
from functions_model.inputs import read_any
from functions_model.pipeline.checks import asked_for
from functions_model.pipeline.early_lock import begun_early
from support.ci import RecordingCi
from support.package_index import PackageIndex, package_index
from support.peers import peer

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path


def spec_of(folder: Path, index: str, **inputs: str) -> DeploymentSpec:
    """A deployment whose one package comes from that index."""
    (folder / "model").mkdir()
    (folder / "model" / "weights").touch()
    (folder / "score.py").write_text("def init(): pass\ndef run(data): return 1\n")
    (folder / "requirements.txt").write_text(f"--index-url {index}\nalpha\n")
    usual = {"model-path": "model", "entry-script": "score.py", "environment-file": "requirements.txt"}
    values = {"mode": "package", "registry": "localhost:5000", **usual, **inputs}
    named = {name.replace("_", "-"): text for name, text in values.items()}
    made = read_any(named, workspace=folder, facts=RecordingCi().facts)
    assert isinstance(made, DeploymentSpec)
    return made


@pytest.fixture
def index(tmp_path: Path) -> Iterator[PackageIndex]:
    """With `alpha`, and what every app needs."""
    with package_index(tmp_path / "index") as made:
        for name in ("alpha", "azure-functions", "azureml-inference-server-http"):
            made.add(name, "1.6.1")
        yield made


def test_what_hangs_is_ended_with_the_run(tmp_path: Path) -> None:
    """A login is refused while the index does not answer: nobody waits for the index."""
    asked, over = threading.Event(), threading.Event()

    def silence(_: socket.socket) -> None:
        asked.set()
        over.wait(60)

    with peer(silence) as port:
        spec = spec_of(tmp_path, f"http://127.0.0.1:{port}")
        with begun_early(spec, asked_for(spec), tmp_path / "work", silent) as early:
            assert asked.wait(30)
        over.set()

    assert early
    with pytest.raises(EnvironmentFailed):
        early.lock(early.request, early.version)


def test_a_base_with_another_python_has_another_lock(index: PackageIndex, tmp_path: Path) -> None:
    """It is known when the base has been looked at."""
    spec = spec_of(tmp_path, index.simple, base_image="registry.example/python:1")

    with begun_early(spec, asked_for(spec), tmp_path / "work", silent) as early:
        assert early
        lock = early.lock(early.request, early.version)
        assert early.lock(early.request, "3.10") is None

    assert lock
    assert ["alpha"] == [package.name for package in lock.packages if package.name == "alpha"]


def test_an_environment_that_must_be_fetched_is_waited_for(tmp_path: Path) -> None:
    """Nobody knows yet what it asks for."""
    spec = spec_of(tmp_path, "http://127.0.0.1:1")

    with begun_early(spec, None, tmp_path / "work", silent) as early:
        assert early is None
