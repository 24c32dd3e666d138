"""The action's image on an arm64 runner: built there from the Dockerfile, it makes the same as on x64.

The processor is emulated, and so slow: the build takes about six minutes.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import docker
import pytest

from functions_model.inputs.sources import COMPILERS
from support.arm64 import build_action_arm64
from support.deployment import read_outputs
from support.engine import ACTION_IMAGE, CA_BUNDLE, ensure_images
from support.live_tags import drop_repository
from support.project import write_echo_project

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = [
    pytest.mark.needs("docker", "mmdebstrap", "qemu-aarch64", "python3.13"),
    pytest.mark.exhaustive,
    pytest.mark.timeout(1800),
]
REPOSITORY = "iris-by-arch"


@dataclass(frozen=True, slots=True)
class Runner:
    """A machine with one of the action's images.

    Attributes:
        image: The action's, as the engine knows it.
        platform: What the engine starts it for.
    """

    image: str
    platform: str

    def run(self, *options: str, words: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """One container, to its end."""
        command = ["docker", "run", "--rm", "--platform", self.platform, *options, self.image, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)


@pytest.fixture(scope="module")
def x64() -> Runner:
    ensure_images()
    return Runner(ACTION_IMAGE, "linux/amd64")


@pytest.fixture(scope="module")
def arm64() -> Runner:
    client = docker.from_env(timeout=1800)
    try:
        return Runner(build_action_arm64(client), "linux/arm64")
    finally:
        client.close()


def package(runner: Runner, sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """The outputs of a step that packages a small project, and 50 dependencies, into an empty repository."""
    workspace = folder / "workspace"
    project = write_echo_project(workspace)
    trusted = CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b""
    (folder / "trust.pem").write_bytes(trusted + b"\n" + sandbox.endpoints.ca_bundle.read_bytes())
    (folder / "output").touch()
    inputs = {
        **sandbox.endpoints.inputs(),
        **{name: project[name] for name in ("model-path", "entry-script", "environment-file")},
        "mode": "package",
        "image-name": REPOSITORY,
        "cache-repository": "none",
    }
    environ = {
        **{name: text for name, text in sandbox.endpoints.environ().items() if not text.startswith("/")},
        **{f"INPUT_{name.upper()}": text for name, text in inputs.items()},
        **dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), "/github/trust.pem"),
        "GITHUB_ACTIONS": "true",
        COMPILERS: "",
        "GITHUB_WORKSPACE": "/github/workspace",
        "GITHUB_OUTPUT": "/github/output",
    }
    options = [option for name, text in environ.items() for option in ("-e", f"{name}={text}")]
    mounts = [("workspace", workspace), ("output", folder / "output"), ("trust.pem", folder / "trust.pem")]
    volumes = [f"--volume={place}:/github/{name}" for name, place in mounts]
    done = runner.run("--network=host", *volumes, "--workdir=/github/workspace", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return read_outputs((folder / "output").read_text())


class TestArm64:
    """One image for both kinds of runners."""

    def test_it_is_an_image_for_arm64(self, arm64: Runner) -> None:
        """The release joins images by what their configuration says."""
        words = ["docker", "image", "inspect", "--format={{.Os}}/{{.Architecture}}", arm64.image]

        assert arm64.platform == subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()

    def test_help(self, x64: Runner, arm64: Runner) -> None:
        """It starts, and says the same."""
        assert x64.run(words=("--help",)).stdout == arm64.run(words=("--help",)).stdout

    def test_what_it_makes_is_the_same_byte_for_byte(
        self, x64: Runner, arm64: Runner, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        """Each resolves, installs, packs and sends by itself; the digest holds every byte."""
        made = []
        for runner in (x64, arm64):
            (tmp_path / runner.platform).mkdir(parents=True)
            made.append(package(runner, sandbox, tmp_path / runner.platform))
            drop_repository(sandbox, REPOSITORY)

        assert made[0]["digest"].startswith("sha256:")
        assert made[0] == made[1]
