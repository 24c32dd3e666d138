"""Setting up: the interpreter that `make` finds, the images that tests make, and the Dockerfile's promises."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from support.engine import PYTHON_SLIM, RECIPE_LABEL, ensure_image

ROOT = Path(__file__).resolve().parents[2]


def _find_python(python: Path | str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "requirements" / "find-python"],
        env={"PATH": os.environ["PATH"], "PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )


def _interpreter(folder: Path, body: str) -> Path:
    """A program that answers as some interpreter would."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


class TestFindPython:
    """Which interpreter carries the project."""

    def test_found(self) -> None:
        """The interpreter that was named is taken when it suits."""
        found = _find_python(sys.executable)

        assert (0, sys.executable) == (found.returncode, found.stdout.strip())

    def test_too_old(self, tmp_path: Path) -> None:
        """One that is too old is refused, with what is needed and how to name another."""
        refused = _find_python(_interpreter(tmp_path, "exit 1"))

        assert refused.returncode == 1
        assert "Could not find Python 3.11 or later" in refused.stderr
        assert "make PYTHON=" in refused.stderr

    def test_without_venv(self, tmp_path: Path) -> None:
        """One without venv is refused, with the name of the Debian package that brings it."""
        refused = _find_python(_interpreter(tmp_path, 'case "$2" in *venv*) exit 1;; esac'))

        assert refused.returncode == 1
        assert "python3-venv" in refused.stderr


class _Engine:
    """A Docker client that knows one image and refuses to import any."""

    def __init__(self, labels: dict[str, str]) -> None:
        self.images = SimpleNamespace(get=lambda _: SimpleNamespace(labels=labels))
        self.api = SimpleNamespace()


class TestStandInImages:
    """Images that stand in for ones that cannot be pulled."""

    @pytest.mark.parametrize(
        "labels", [{}, {RECIPE_LABEL: PYTHON_SLIM.digest}], ids=["the real image", "made here before"]
    )
    def test_kept(self, labels: dict[str, str]) -> None:
        """A real image is never overwritten, and one that was made by the same recipe is not made again."""
        assert ensure_image(PYTHON_SLIM, _Engine(labels)) is None  # type: ignore[arg-type, func-returns-value]


class TestDockerfile:
    """What GitHub asks of a container action, and what the runner does to it."""

    def test_entry_point(self) -> None:
        """The entry point is an isolated interpreter by its full path; a shell would lose `INPUT_APP-NAME`."""
        entry = re.findall(r"^ENTRYPOINT (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

        assert [["/opt/functions-model/bin/python", "-I"]] == [json.loads(line)[:2] for line in entry]

    def test_instructions(self) -> None:
        """No user, no working directory and no build feature that the classic builder lacks."""
        text = (ROOT / "Dockerfile").read_text()

        assert [] == re.findall(r"^(?:USER|WORKDIR|# syntax=).*|--mount=|--link|<<EOF", text, re.MULTILINE)

    def test_hashes(self) -> None:
        """Whatever is installed from an index is checked against a hash."""
        commands = re.findall(r"pip install ((?:[^&\\\n]|\\\n)*)", (ROOT / "Dockerfile").read_text())

        assert [] == [
            command for command in commands if "--require-hashes" not in command and "/build/dist/" not in command
        ]
