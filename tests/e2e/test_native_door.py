"""`uses: ./native`: the same step without a container, on this machine as a self-hosted runner."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from support.act import SELF_HOSTED, WorkflowRun, run_workflow, write_project, write_repository, write_workflow
from support.engine import CA_BUNDLE, ensure_images
from support.tools import ROOT

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox


RUN = ROOT / "native" / "run"


@dataclass(frozen=True, slots=True)
class Doors:
    """The same project through both doors.

    Attributes:
        native: Packaged and deployed on this machine itself.
        container: Packaged by the container action.
    """

    native: WorkflowRun
    container: WorkflowRun


@pytest.fixture(scope="module")
def doors(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Doors:
    ensure_images()
    folder = tmp_path_factory.mktemp("doors")
    inputs = {**sandbox.endpoints.inputs(), **write_project(folder)}
    trusted = CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b""
    (folder / "certificates.pem").write_bytes(trusted + b"\n" + sandbox.endpoints.ca_bundle.read_bytes())
    bundle = "${{ github.workspace }}/certificates.pem"
    trust = {"REQUESTS_CA_BUNDLE": bundle, "SSL_CERT_FILE": bundle}
    where = {"app-name": "without-docker", "resource-group": "without-docker-group", "auth-level": "anonymous"}
    both = {**inputs, "image-name": "doors", "mode": "package"}
    native: list[dict[str, Any]] = [
        {"id": "package", "uses": "./native", "with": both, "env": trust},
        {"id": "deploy", "uses": "./native", "with": {**inputs, **where, "app-settings": "A=one\nB=two"}, "env": trust},
        {"id": "after", "run": "echo digest=${{ steps.package.outputs.digest }}"},
    ]
    environ = {name: text for name, text in sandbox.endpoints.environ().items() if not Path(text).is_absolute()}
    write_repository(folder, native)
    done = run_workflow(folder, {**environ, "INPUT_LOCATION": "nowhere-at-all"}, platform=SELF_HOSTED)
    shutil.rmtree(folder / ".git")
    write_workflow(folder, [{"id": "package", "uses": "./", "with": both, "env": trust}])
    return Doors(done, run_workflow(folder, environ))


@pytest.mark.exhaustive
@pytest.mark.needs("docker", "act", "mmdebstrap")
class TestNativeDoor:
    """The composite action under `act`."""

    def test_the_job_is_green(self, doors: Doors) -> None:
        """A variable of the job that looks like an input is none of this step's."""
        assert doors.native.code == 0, doors.native.log

    def test_the_image_is_the_same(self, doors: Doors) -> None:
        """Byte for byte that of the container action."""
        assert doors.native.outputs("package")["digest"] == doors.container.outputs("package")["digest"]

    def test_outputs_are_the_same(self, doors: Doors) -> None:
        """All of them, and a later step reads them. A composite action has the others, too, and they are empty.

        The second run finds the image of the first.
        """
        of_container = doors.container.outputs("package")
        told = {name: text for name, text in doors.native.outputs("package").items() if text}

        assert (of_container.pop("changed"), told.pop("changed")) == ("false", "true")
        assert of_container == told
        assert doors.native.printed("after") == [f"digest={of_container['digest']}"]

    def test_live(self, doors: Doors, sandbox: Sandbox) -> None:
        """The whole way."""
        url = doors.native.outputs("deploy")["scoring-url"]

        answer = requests.post(url, json={"x": 2}, verify=str(sandbox.endpoints.ca_bundle), timeout=60)

        assert {"model": "first", "got": {"x": 2}} == answer.json()


def _run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(RUN), *words], env=environ, capture_output=True, text=True, check=False, timeout=120
    )


class TestRefusals:
    """`native/run`, where it cannot work."""

    @pytest.mark.parametrize(
        ("environ", "shown"),
        [
            ({"GITHUB_ACTIONS": "true"}, "::error::This runs on Linux only"),
            ({"TF_BUILD": "True"}, "##vso[task.logissue type=error]This runs on Linux only"),
        ],
    )
    def test_another_system_is_told(self, tmp_path: Path, environ: dict[str, str], shown: str) -> None:
        """In the words that the CI host marks."""
        (tmp_path / "uname").write_text("#!/bin/sh\necho Darwin\n")
        (tmp_path / "uname").chmod(0o755)

        done = _run(PATH=f"{tmp_path}:/usr/bin:/bin", **environ)

        assert (done.returncode, done.stdout.startswith(shown)) == (2, True), done.stdout + done.stderr

    def test_a_python_of_the_tool_cache_is_found(self, tmp_path: Path) -> None:
        """Where `PATH` has none that is new enough, as on a self-hosted agent with an old system."""
        programs = tmp_path / "bin"
        programs.mkdir()
        for name in ("sh", "uname", "dirname", "find", "sort", "xargs", "sha256sum", "cut", "mkdir", "mktemp", "rm"):
            (programs / name).symlink_to(shutil.which(name) or "")
        python = tmp_path / "cache" / "Python" / "3.13.1" / "x64" / "bin" / "python3"
        python.parent.mkdir(parents=True)
        python.write_text('#!/bin/sh\n[ "$1" = -c ] || { echo "$0 $1 $2"; exit 1; }\n')
        python.chmod(0o755)

        done = _run(PATH=str(programs), AGENT_TOOLSDIRECTORY=str(tmp_path / "cache"))

        assert done.returncode == 2
        assert f"{python} -m venv" in done.stdout

    def test_a_machine_without_python_is_told(self, tmp_path: Path) -> None:
        """With what brings one."""
        done = _run(PATH="/usr/bin:/bin", PYTHON=str(tmp_path / "none"))

        assert done.returncode == 2
        assert "actions/setup-python" in done.stderr
