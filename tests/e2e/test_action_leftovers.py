"""What a container action leaves behind: nothing that the runner, which is another user, could not remove."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support.deployer import Deployer
from support.engine import ensure_images
from support.job import start

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.needs("docker", "mmdebstrap"), pytest.mark.exhaustive]
RUNNER = 1001


def test_belongs_to_the_runner(sandbox: Sandbox, tmp_path: Path) -> None:
    """Not in the workspace, where a build context is written, nor in HOME, where tools keep their caches."""
    ensure_images()
    deployer = Deployer(sandbox, tmp_path / "workspace", "left-app")
    home = tmp_path / "home"
    home.mkdir()
    mounted = ("-v", f"{home}:/github/home", "-e", "HOME=/github/home")
    (deployer.folder / "trust.pem").touch()
    for path in (deployer.folder, *deployer.folder.rglob("*"), home):
        os.chown(path, RUNNER, RUNNER)

    job = start(deployer, tmp_path / "job", *mounted, mode="package", builder="dockerfile", build_context="out/context")

    assert 0 == job.client.wait(timeout=200), job.log.read_text()
    assert (deployer.folder / "out/context/Dockerfile").is_file()
    left = [path for root in (deployer.folder, home) for path in root.rglob("*") if path.lstat().st_uid != RUNNER]
    assert [] == left
