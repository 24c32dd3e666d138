"""A release: action.yml is pinned to a prebuilt image by digest, and by nothing weaker."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.catalogue_documents import ENTRYPOINT
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


class TestWorkflow:
    """release.yml."""

    def test_order(self) -> None:
        """The image is pushed and attested before action.yml names it, and the tag comes after that."""
        steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["release"]["steps"]
        texts = [step.get("run", step.get("uses", "")) for step in steps]

        def place(word: str) -> int:
            return next(number for number, text in enumerate(texts) if word in text)

        order = [place(word) for word in ("docker push", "actions/attest@", ".ci/pin-action", "git tag ")]
        assert sorted(order) == order

    def test_attested_digest(self) -> None:
        """What is attested is what is pinned: one digest, taken from the push."""
        steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["release"]["steps"]
        attest = next(step for step in steps if step.get("uses", "").startswith("actions/attest@"))
        pin = next(step for step in steps if ".ci/pin-action" in step.get("run", ""))

        assert attest["with"]["subject-digest"] == pin["env"]["DIGEST"] == "${{ steps.push.outputs.digest }}"
        assert attest["with"]["push-to-registry"]
