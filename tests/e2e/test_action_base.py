"""The base of the action's image: one line of the Dockerfile, and a company's own copy of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import docker
import pytest
import yaml

from support.docker_registry import running_registry
from support.engine import PYTHON_SLIM, ensure_image
from support.tools import ENGINES_CLIENT, ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE = ROOT / "Dockerfile"
_DIGEST = f"python:3.13-slim@sha256:{'0123456789abcdef' * 4}"


def _pin(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, ROOT / ".ci" / "pin-base", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def dockerfile(tmp_path: Path) -> Path:
    """A copy of it."""
    copy = tmp_path / "Dockerfile"
    copy.write_text(DOCKERFILE.read_text())
    return copy


class TestOneLine:
    """The base stands in one line, which others write and read."""

    def test_dependabot_sees_it(self) -> None:
        """It is named by tag in a FROM, and in no ARG, which Dependabot does not look into; all stages stand on it."""
        text = DOCKERFILE.read_text()
        named = re.findall(r"^FROM (\S+)", text, re.MULTILINE)

        assert [PYTHON_SLIM.tag, "python", "python", "scratch"] == named
        assert "ARG " not in text
        ecosystems = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
        assert "docker" in {entry["package-ecosystem"] for entry in ecosystems}

    def test_it_is_written_and_read(self, dockerfile: Path) -> None:
        """Again and again, and no other line changes."""
        before = dockerfile.read_text()
        done = [_pin(image, dockerfile) for image in (_DIGEST, "functions-model-test/other:1", _DIGEST)]

        assert [0, 0, 0] == [run.returncode for run in done], done
        changed = [line for line in dockerfile.read_text().splitlines() if line not in before.splitlines()]
        assert [f"FROM {_DIGEST} AS python"] == changed
        assert f"{PYTHON_SLIM.tag}\n" == _pin().stdout

    @pytest.mark.parametrize("image", ["", "a b", "Python:3.13", "python:3.13-slim@sha256:12", "x\nRUN y"])
    def test_no_image(self, dockerfile: Path, image: str) -> None:
        """What is none is a sentence, and changes nothing."""
        before = dockerfile.read_text()
        run = _pin(image, dockerfile)

        assert 2 == run.returncode
        assert run.stderr.startswith("Could not pin the base")
        assert before == dockerfile.read_text()


@pytest.mark.exhaustive
@pytest.mark.needs("docker", "mmdebstrap", "docker-registry")
class TestMirror:
    """A company's own copy: pull it, and give it the name that the Dockerfile says."""

    @pytest.mark.parametrize("buildkit", ["0", "1"], ids=["classic builder", "BuildKit"])
    def test_pull_and_tag(self, tmp_path: Path, buildkit: str) -> None:
        """The build stands on the copy, and asks no other registry for that name."""
        with closing(docker.from_env(timeout=600)) as client:
            ensure_image(PYTHON_SLIM, client)
        made = f"functions-model-test/mirror-{uuid4().hex[:12]}"
        with running_registry(tmp_path / "registry") as host:
            mirror = f"{host}/{PYTHON_SLIM.tag}"
            _docker("tag", PYTHON_SLIM.tag, mirror)
            _docker("push", "--quiet", mirror)
            _docker("image", "rm", mirror)
            try:
                _docker("pull", "--quiet", mirror)
                _docker("tag", mirror, PYTHON_SLIM.tag)
                _docker("build", "--target", "python", "--tag", made, str(ROOT), DOCKER_BUILDKIT=buildkit)
                layers = [
                    _docker("image", "inspect", "--format", "{{json .RootFS.Layers}}", name) for name in (mirror, made)
                ]
            finally:
                _docker("image", "rm", "--force", mirror, made)

        assert layers[0].startswith("[")
        assert layers[0] == layers[1]


def _docker(*words: str, **environ: str) -> str:
    done = subprocess.run(
        [ENGINES_CLIENT, *words],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
