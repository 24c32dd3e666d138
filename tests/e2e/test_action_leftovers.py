"""What a container action leaves behind: nothing that the runner, which is another user, could not remove."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.deployer import Deployer
from support.engine import ensure_images
from support.job import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.needs("docker", "mmdebstrap"), pytest.mark.exhaustive]
RUNNER = 1001
REPORT = {"report_directory": "out/report"}
FOLDER = {**REPORT, "mode": "package", "builder": "dockerfile", "build_context": "out/context"}
"""Writes a build context into the workspace, too."""


@pytest.fixture
def work() -> Iterator[Path]:
    """The runner's folder `_work`, which is its own: with the workspace, HOME and what it passes files through."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def owned(work: Path) -> None:
    """Give all of it to the runner."""
    for path in (work, *work.rglob("*")):
        os.chown(path, RUNNER, RUNNER, follow_symlinks=False)


@pytest.mark.parametrize("inputs", [FOLDER, REPORT], ids=["a-folder", "a-deployment"])
def test_is_removed_by_the_runner(sandbox: Sandbox, work: Path, tmp_path: Path, inputs: dict[str, str]) -> None:
    """The workspace, HOME, where tools keep their caches, and the runner's temporary folder."""
    ensure_images()
    deployer = Deployer(sandbox, work / "workspace", f"left-app-{len(inputs)}")
    temporary = work / "_temp"
    mounts = []
    for name, inside in (("_github_home", "home"), ("_github_workflow", "workflow"), ("_commands", "file_commands")):
        (temporary / name).mkdir(parents=True)
        mounts += ["-v", f"{temporary / name}:/github/{inside}"]
    files = {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"}
    for variable, name in files.items():
        (temporary / "_commands" / name).touch()
        mounts += ["-e", f"{variable}=/github/file_commands/{name}"]
    environ = ("-e", "HOME=/github/home", "-v", f"{temporary}:{temporary}", "-e", f"RUNNER_TEMP={temporary}")
    (deployer.folder / "trust.pem").touch()
    owned(work)

    job = start(deployer, tmp_path / "job", *mounts, *environ, **inputs)

    assert 0 == job.client.wait(timeout=200), job.log.read_text()
    assert (deployer.folder / "out/report/log.txt").is_file()
    assert (temporary / "_commands" / "output").stat().st_size
    subprocess.run(["rm", "-r", *work.iterdir()], check=True, user=RUNNER, group=RUNNER, extra_groups=[])
    assert [] == list(work.iterdir())
