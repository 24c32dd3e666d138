"""What the tests of the inputs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A repository with a model, a script, and a few other files."""
    for name in ("model/iris.pkl", "src/score.py", "src/deep/other.py", "environment.yml", "sample.json"):
        file = tmp_path / "work" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("content")
    (tmp_path / "work" / "empty" / "inner").mkdir(parents=True)
    (tmp_path / "outside.pkl").write_text("content")
    return tmp_path / "work"
