"""A release: action.yml is pinned to a prebuilt image by digest, and by nothing weaker."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions_model.core.references import ImageReference, parse_digest
from functions_model.image.manifests import OCI_MANIFEST, Index, Platform, parse_manifest
from functions_model.registry import find_manifest
from functions_model.registry.access import Access
from functions_model.registry.client import RegistryClient
from functions_model.registry.content import get_manifest
from support.catalogue_documents import ENTRYPOINT
from support.docker_registry import running_registry
from support.images import push_base
from support.tools import ROOT

IMAGE = f"ghcr.io/contoso/functions-model-action@sha256:{'0123456789abcdef' * 4}"
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"


@pytest.fixture
def action(tmp_path: Path) -> Path:
    """A copy of action.yml."""
    return Path(shutil.copy(ROOT / "action.yml", tmp_path / "action.yml"))


def _pin(image: str, action: Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, ROOT / ".ci" / "pin-action", image, action]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class TestPin:
    """`.ci/pin-action`."""

    def test_one_line_changes(self, action: Path) -> None:
        """The image's line names the digest; every other line stays as it is."""
        before = action.read_text()
        run = _pin(IMAGE, action)

        assert (0, "") == (run.returncode, run.stderr)
        assert before.replace("image: Dockerfile", f"image: docker://{IMAGE}") == action.read_text()
        runs = {"using": "docker", "image": f"docker://{IMAGE}", "entrypoint": ENTRYPOINT}
        assert runs == yaml.safe_load(action.read_text())["runs"]

    @pytest.mark.parametrize(
        "image",
        [
            "ghcr.io/contoso/action:1.0.0",
            "ghcr.io/contoso/action",
            f"ghcr.io/Contoso/action@sha256:{'0' * 64}",
            f"ghcr.io/contoso/action@sha256:{'0' * 63}",
            f"ghcr.io/contoso/action:1.0.0@sha256:{'0' * 64}",
            f"@sha256:{'0' * 64}",
            "",
        ],
    )
    def test_no_digest(self, action: Path, image: str) -> None:
        """A tag alone, no digest, capitals or half a digest are refused, and nothing is written."""
        before = action.read_text()
        run = _pin(image, action)

        assert (2, before) == (run.returncode, action.read_text())
        assert "is not `<registry>/<name>@sha256:<64 hex digits>`" in run.stderr

    def test_twice(self, action: Path) -> None:
        """A file that is pinned already is left as it is, and said so."""
        _pin(IMAGE, action)
        once = action.read_text()
        run = _pin(IMAGE, action)

        assert (2, once) == (run.returncode, action.read_text())
        assert "the line `image: Dockerfile` is not there exactly once" in run.stderr

    def test_no_file(self, tmp_path: Path) -> None:
        """A file that is not there is a sentence, not a traceback."""
        run = _pin(IMAGE, tmp_path / "action.yml")

        assert 2 == run.returncode
        assert run.stderr.startswith("Could not pin")
        assert "Traceback" not in run.stderr


def _join(layout: Path, name: str = "all") -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, ROOT / ".ci" / "image-index", layout, name]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class TestIndex:
    """`.ci/image-index`."""

    @pytest.mark.needs("docker-registry", "skopeo")
    def test_the_workflows_own_commands_make_one_image_of_two(self, tmp_path: Path) -> None:
        """Debian's registry has an index with the digest that will be pinned, and what each platform is given."""
        step = next(step for step in _steps("release") if step.get("id") == "push")
        with running_registry(tmp_path / "registry") as host:
            client = RegistryClient(host)
            pushed = {}
            for architecture in ("amd64", "arm64"):
                tag = ImageReference(host, "action", f"1.0.0-{architecture}")
                push_base(client, tag, tmp_path, architecture=architecture)
                pushed[architecture] = find_manifest(client, tag)
            _run_step(step["run"], tmp_path, f"{host}/action")
            [line] = (tmp_path / "output").read_text().splitlines()
            digest = parse_digest(line.removeprefix("digest="))
            found = get_manifest(client, Access("action"), digest)
            named = find_manifest(client, ImageReference(host, "action", "1.0.0"))

        index = parse_manifest(found.content, found.media_type)
        assert isinstance(index, Index)
        assert digest == named
        assert pushed == {name: index.choose(Platform("linux", name)).digest for name in ("amd64", "arm64")}

    def test_one_platform_is_not_enough(self, tmp_path: Path) -> None:
        """A release that half of the runners cannot start is not made."""
        blobs = tmp_path / "blobs" / "sha256"
        blobs.mkdir(parents=True)
        (blobs / "config").write_text(json.dumps({"os": "linux", "architecture": "amd64"}))
        (blobs / "image").write_text(json.dumps({"config": {"digest": "sha256:config"}}))
        image = {"mediaType": OCI_MANIFEST, "digest": "sha256:image", "size": 1}
        (tmp_path / "index.json").write_text(json.dumps({"manifests": [image]}))
        run = _join(tmp_path)

        assert (2, "") == (run.returncode, run.stdout)
        assert "it holds images for linux/amd64, and not one each for linux/amd64 and linux/arm64" in run.stderr
        assert {"config", "image"} == {path.name for path in blobs.iterdir()}

    def test_no_layout(self, tmp_path: Path) -> None:
        """A folder that is none is a sentence, not a traceback."""
        run = _join(tmp_path)

        assert (2, "") == (run.returncode, run.stdout)
        assert run.stderr.startswith("Could not join")


def _steps(job: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = yaml.safe_load(WORKFLOW.read_text())["jobs"][job]["steps"]
    return steps


def _run_step(script: str, folder: Path, image: str) -> None:
    """A step's commands as the runner runs them; `skopeo` speaks plain http, and needs no login."""
    skopeo = folder / "bin" / "skopeo"
    skopeo.parent.mkdir()
    skopeo.write_text(
        f"""#!/bin/sh
if [ "$1" = login ]; then cat >/dev/null; exit; fi
[ "$1" != copy ] || set -- "$@" --src-tls-verify=false --dest-tls-verify=false
exec {shutil.which("skopeo")} --insecure-policy "$@"
"""
    )
    skopeo.chmod(0o755)
    own = {"IMAGE": image, "VERSION": "1.0.0", "RUNNER_TEMP": str(folder), "GITHUB_OUTPUT": str(folder / "output")}
    environ = {
        **os.environ,
        **own,
        "PATH": f"{skopeo.parent}:{os.environ['PATH']}",
        "GH_TOKEN": "x",
        "GITHUB_ACTOR": "x",
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class TestWorkflow:
    """release.yml."""

    def test_both_platforms_are_built(self) -> None:
        """On runners of their own, so that nothing is emulated; what is joined is what they push."""
        job = yaml.safe_load(WORKFLOW.read_text())["jobs"]["build"]
        runners = {entry["architecture"]: entry["runner"] for entry in job["strategy"]["matrix"]["include"]}
        join = next(step for step in _steps("release") if step.get("id") == "push")

        assert {"amd64": "ubuntu-24.04", "arm64": "ubuntu-24.04-arm"} == runners
        assert f"for architecture in {' '.join(runners)}; do" in join["run"]
        assert any('docker push "$IMAGE:$VERSION-$ARCHITECTURE"' in step.get("run", "") for step in _steps("build"))

    def test_order(self) -> None:
        """The image is pushed and attested before action.yml names it, and the tag comes after that."""
        steps = _steps("release")
        texts = [step.get("run", step.get("uses", "")) for step in steps]

        def place(word: str) -> int:
            return next(number for number, text in enumerate(texts) if word in text)

        order = [place(word) for word in ("skopeo copy --all", "actions/attest@", ".ci/pin-action", "git tag ")]
        assert sorted(order) == order

    def test_attested_digest(self) -> None:
        """What is attested is what is pinned: one digest, taken from the push."""
        steps = _steps("release")
        attest = next(step for step in steps if step.get("uses", "").startswith("actions/attest@"))
        pin = next(step for step in steps if ".ci/pin-action" in step.get("run", ""))

        assert attest["with"]["subject-digest"] == pin["env"]["DIGEST"] == "${{ steps.push.outputs.digest }}"
        assert attest["with"]["push-to-registry"]
