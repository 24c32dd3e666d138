"""The action's image as Actions Runner Controller starts it in Kubernetes mode: the hook's own commands, on an engine.

actions/runner-container-hooks cf62bcc (June 2026), packages/k8s/src: hooks/run-container-step.ts, k8s/index.ts
(`execCpToPod`) and k8s/utils.ts (`writeContainerStepScript`, `listDirAllCommand`). A cluster was never tried.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import yaml

from functions_model.inputs.sources import COMPILERS
from support.engine import ACTION_IMAGE, CA_BUNDLE, ensure_images
from support.project import write_echo_project
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.needs("docker", "mmdebstrap"), pytest.mark.exhaustive]


@pytest.fixture
def pod() -> Iterator[str]:
    """A container that `tail` keeps, with the folders that the hook mounts."""
    ensure_images()
    name = f"functions-model-test-{uuid4().hex[:12]}"
    mounts = [option for place in ("/__e", "/__w", "/github") for option in ("--tmpfs", f"{place}:exec")]
    command = ["docker", "run", "--detach", "--name", name, "--network=host", *mounts, "--workdir", "/__w"]
    subprocess.run([*command, "--entrypoint", "tail", ACTION_IMAGE, "-f", "/dev/null"], check=True, capture_output=True)
    yield name
    subprocess.run(["docker", "rm", "--force", name], check=True, capture_output=True)


def _in(pod: str, *command: str, content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    words = ["docker", "exec", "--interactive", pod, *command]
    return subprocess.run(words, input=content, capture_output=True, check=False, timeout=200)


def _packed(folder: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(folder, arcname=".")
    return packed.getvalue()


def _script(environ: Mapping[str, str], entrypoint: str) -> str:
    """As the hook writes it, its own lack of quotes included."""
    escapes = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$", "`": "\\`"})
    variables = " ".join(f'"{name}={value.translate(escapes)}"' for name, value in environ.items())
    return f"""#!/bin/sh -l
rm "$0" # remove script after running
mv /__w/_temp/_github_home /github/home && \\
mv /__w/_temp/_github_workflow /github/workflow && \\
mv /__w/_temp/_runner_file_commands /github/file_commands || true && \\
mv /__w/repo/repo/ /github/workspace && \\
cd /github/workspace && \\
exec env {variables}  {entrypoint}
"""


class TestKubernetesMode:
    """One step, from the copy of the workspace to its outputs."""

    def test_a_step_runs(self, pod: str, sandbox: Sandbox, tmp_path: Path) -> None:
        """Inputs with hyphens arrive, and outputs are where the runner looks for them."""
        work = tmp_path / "w"
        for name in ("_github_home", "_github_workflow", "_runner_file_commands"):
            (work / "_temp" / name).mkdir(parents=True)
        (work / "_temp" / "_runner_file_commands" / "set_output").touch()
        repository = work / "repo" / "repo"
        inputs = {**sandbox.endpoints.inputs(), **write_echo_project(repository), "mode": "package"}
        inputs["image-labels"] = 'a=$HOME `id` "b"'
        trusted = CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b""
        (repository / "trust.pem").write_bytes(trusted + b"\n" + sandbox.endpoints.ca_bundle.read_bytes())
        environ = {
            COMPILERS: "",
            **sandbox.endpoints.environ(),
            **{
                f"INPUT_{name.upper()}": value for name, value in {**inputs, "image-labels": 'a=$HOME `id` "b"'}.items()
            },
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": "/github/workspace",
            "GITHUB_OUTPUT": "/github/file_commands/set_output",
            "HOME": "/github/home",
            "REQUESTS_CA_BUNDLE": "/github/workspace/trust.pem",
            "SSL_CERT_FILE": "/github/workspace/trust.pem",
        }
        entrypoint = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["entrypoint"]
        (work / "_temp" / "step.sh").write_text(_script(environ, entrypoint))
        listed = "cd /__w && find . -type f -not -path '*/_runner_hook_responses*' -exec stat -c '%s %n' {} \\;"

        copied = _in(
            pod,
            *("sh", "-c"),
            "tar xf - --no-same-owner -C /__w 2>/dev/null; find /__w -type f -exec chmod u+rw {} \\; 2>/dev/null; "
            "find /__w -type d -exec chmod u+rwx {} \\; 2>/dev/null",
            content=_packed(work),
        )
        found = _in(pod, "sh", "-c", listed).stdout.decode().splitlines()
        done = _in(pod, "sh", "-e", "/__w/_temp/step.sh")
        outputs = _in(pod, "tail", "-n", "+1", "/github/file_commands/set_output").stdout.decode()

        expected = {f"{path.stat().st_size} ./{path.relative_to(work)}" for path in work.rglob("*") if path.is_file()}
        assert (copied.returncode, copied.stderr) == (0, b"")
        assert expected == set(found)
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
        assert f"{sandbox.endpoints.registry}/package@sha256:" in outputs
