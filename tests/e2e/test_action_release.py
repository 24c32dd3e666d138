"""A release: action.yml is pinned to a prebuilt image by digest, and by nothing weaker."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from functions_model.image.manifests import OCI_MANIFEST
from support.catalogue_documents import ENTRYPOINT
from support.tools import ROOT

IMAGE = f"ghcr.io/contoso/functions-model-action@sha256:{'0123456789abcdef' * 4}"


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


def _join(layout: Path, largest: int = 10) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, ROOT / ".ci" / "image-index", layout, "all", str(largest)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class TestIndex:
    """`.ci/image-index`."""

    def test_one_platform_is_not_enough(self, tmp_path: Path) -> None:
        """A release that half of the runners cannot start is not made."""
        _write_layout(tmp_path, {"amd64": (1,)})
        before = (tmp_path / "index.json").read_text()
        run = _join(tmp_path)

        assert (2, "") == (run.returncode, run.stdout)
        assert "it holds images for linux/amd64, and not one each for linux/amd64 and linux/arm64" in run.stderr
        assert before == (tmp_path / "index.json").read_text()

    @pytest.mark.parametrize(("largest", "code"), [(10, 0), (9, 2)])
    def test_size(self, tmp_path: Path, largest: int, code: int) -> None:
        """What a runner pulls has a limit: the sizes of the packed layers, which all engines agree on."""
        _write_layout(tmp_path, {"amd64": (1,), "arm64": (4, 6)})
        run = _join(tmp_path, largest)

        assert code == run.returncode, run.stderr
        assert ("the image for linux/arm64 has 10 bytes, and may have 9" in run.stderr) == bool(code)

    def test_no_layout(self, tmp_path: Path) -> None:
        """A folder that is none is a sentence, not a traceback."""
        run = _join(tmp_path)

        assert (2, "") == (run.returncode, run.stdout)
        assert run.stderr.startswith("Could not join")


def _write_layout(layout: Path, images: dict[str, tuple[int, ...]]) -> None:
    """As skopeo writes it: an image for each architecture, with layers of these sizes."""
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for name, sizes in images.items():
        (blobs / f"config-{name}").write_text(json.dumps({"os": "linux", "architecture": name}))
        manifest = {"config": {"digest": f"sha256:config-{name}"}, "layers": [{"size": size} for size in sizes]}
        (blobs / name).write_text(json.dumps(manifest))
    entries = [{"mediaType": OCI_MANIFEST, "digest": f"sha256:{name}", "size": 1} for name in images]
    (layout / "index.json").write_text(json.dumps({"manifests": entries}))
