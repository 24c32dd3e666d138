"""What the tests of the inputs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.inputs import BARE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A repository with a model, a script, and a few other files."""
    for name in ("model/iris.pkl", "src/score.py", "src/deep/other.py", "environment.yml", "sample.json"):
        file = tmp_path / "work" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('"content"' if name == "sample.json" else "content")
    (tmp_path / "work" / "empty" / "inner").mkdir(parents=True)
    (tmp_path / "outside.pkl").write_text("content")
    return tmp_path / "work"


@pytest.fixture
def write(workspace: Path) -> Callable[[str], dict[str, str]]:
    """Write the deployment file, and give the inputs of a deployment that names it."""

    def write(text: str, name: str = "endpoints/blue/deployment.yml") -> dict[str, str]:
        file = workspace / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return {**BARE, "deployment-file": name}

    return write
