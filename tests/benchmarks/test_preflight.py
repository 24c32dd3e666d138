"""What preflight costs a run, and what it spares whoever's script lacks a module."""

from __future__ import annotations

import itertools
import os
import shutil
import tarfile
import time
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.arm.operations import Durations
from azure_sandbox.sandbox import Sandbox
from benchmarks.commands import SOURCE, compilers_at_hand, pip_download, pip_target
from benchmarks.projects import REQUIREMENTS
from benchmarks.results import against, alone
from benchmarks.timing import RUNS, Command, alternate, run
from functions_model.bundle import layout
from functions_model.core.references import digest_of
from functions_model.environment import EnvironmentRequest, Lock
from functions_model.image.files import FileTree
from functions_model.image.tree import read_tree
from functions_model.inputs.sources import COMPILERS
from functions_model.preflight.checks import of_everything, of_files
from functions_model.preflight.project import Project
from functions_model.preflight.taking import take_inventory
from support.deployer import Deployer
from support.deployment import start_anew
from support.tools import ROOT

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.results import Results

pytestmark = pytest.mark.timeout(1800)

LATENCY = 0.15
"""Seconds that Azure takes to answer anything."""
BEFORE = "d41c33e"
"""The last commit without preflight; the history must have it."""
LACKING = "import lightgbm\n\n\ndef init():\n    pass\n\n\ndef run(data):\n    return 1\n"


def test_checks(tmp_path: Path, results: Results) -> None:
    """Every check on `examples/iris-http`, with an inventory taken of its 243 MB of packages: beside the packing."""
    (tmp_path / "requirements.txt").write_text(REQUIREMENTS)
    run(pip_target(tmp_path / "installed", tmp_path / "requirements.txt"))
    iris = ROOT / "examples" / "iris-http"
    code, model = (read_tree(place, under, root=iris) for place, under in ((iris, "app"), (iris / "model", "models")))
    project = Project(iris, code, "app", "score.py", model, (), "3.12", source_directory=iris)
    lock = Lock("", digest_of(b""), (), EnvironmentRequest(None, None, ()))
    tree = read_tree(tmp_path / "installed", layout.SITE_PACKAGES, root=tmp_path / "installed")

    results.add("preflight_s", alone([_seconds(project, tree, lock) for _ in range(RUNS)], aim=1.0, unit="s"))


def _seconds(project: Project, tree: FileTree, lock: Lock) -> float:
    started = time.perf_counter()
    of_files(project)
    of_everything(project, take_inventory([tree], lock, project.python))
    return time.perf_counter() - started


def test_first_deployment(tmp_path: Path, results: Results) -> None:
    """A first deployment whose environment is new, beside the same by the version before there was preflight.

    That one makes no byte code either.
    The packages of `examples/iris-http` come from a folder, into a cache of uv that is empty before each run.
    """
    (tmp_path / "requirements.txt").write_text(REQUIREMENTS)
    wheels = _downloaded(tmp_path / "wheels", "-r", str(tmp_path / "requirements.txt"), "azure-functions")
    before = _source(BEFORE, tmp_path / "before")
    numbers = itertools.count(1)
    with Sandbox(tmp_path / "sandbox", durations=Durations.live(), latency=LATENCY) as sandbox:

        def deployed_by(source: Path) -> float:
            app = f"first{next(numbers)}"
            deployer = Deployer(sandbox, tmp_path / app, app, start_anew if source == SOURCE else _start_before)
            (deployer.folder / "requirements.txt").write_text(REQUIREMENTS)
            cache = tmp_path / "home" / app
            deployer.environ |= {"PYTHONPATH": str(source), "UV_FIND_LINKS": str(wheels), "UV_NO_INDEX": "1"}
            deployer.environ |= {"UV_CACHE_DIR": str(cache / "uv"), "XDG_CACHE_HOME": str(cache)}
            deployer.environ |= compilers_at_hand() if source == SOURCE else {}
            os.sync()
            started = time.perf_counter()
            done = deployer.run(cache_repository="none")
            seconds = time.perf_counter() - started
            assert done.code == 0, done.log
            shutil.rmtree(cache)
            return seconds

        ours, theirs = alternate(lambda: deployed_by(SOURCE), lambda: deployed_by(before), runs=min(RUNS, 3))
    results.add("first_deploy_vs_before", against(ours, theirs, aim=1.05))


def _downloaded(wheels: Path, *requirements: str) -> Path:
    run(pip_download(wheels, *requirements, python="3.11"))
    return wheels


def _start_before(words: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """The version before refuses a variable that it does not know."""
    return start_anew(words, folder, {name: text for name, text in environ.items() if name != COMPILERS}, log)


def _source(commit: str, folder: Path) -> Path:
    """The product as it was then."""
    folder.mkdir()
    archive = folder / "source.tar"
    run(Command(("git", "archive", "--output", str(archive), commit, "src"), ROOT))
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "src"


def test_a_missing_module(tmp_path: Path, results: Results) -> None:
    """Until the run has told it, beside the same run without preflight, which must wait for the live app to say it.

    The sandbox is as far away, and as slow, as Azure; both sides make a new app in a new group. Packages come from a
    folder: how far away an index is, both wait for alike.
    """
    wheels = _downloaded(tmp_path / "wheels", "azureml-inference-server-http<2", "azure-functions")
    numbers = itertools.count(1)
    with Sandbox(tmp_path / "sandbox", durations=Durations.live(), latency=LATENCY) as sandbox:

        def told_by(preflight: str, code: int) -> float:
            deployer = Deployer(sandbox, tmp_path / preflight, f"{preflight}{next(numbers)}", start_anew)
            (deployer.folder / deployer.inputs["entry-script"]).write_text(LACKING)
            deployer.environ |= {"UV_FIND_LINKS": str(wheels), "UV_NO_INDEX": "1"}
            left = tmp_path / "left" / deployer.app
            left.mkdir(parents=True)
            started = time.perf_counter()
            begun = deployer.start(left, preflight=preflight)
            while "lightgbm" not in begun.log and begun.process.poll() is None:
                time.sleep(0.01)
            seconds = time.perf_counter() - started
            done = begun.run()
            assert (code, True) == (done.code, "lightgbm" in done.log), done.log
            shutil.rmtree(tmp_path / preflight)
            return seconds

        ours, live = alternate(lambda: told_by("standard", 3), lambda: told_by("none", 8), runs=min(RUNS, 3))
    results.add("preflight_vs_live", against(ours, live, aim=0.1))
