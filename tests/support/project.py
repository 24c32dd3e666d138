"""Small projects to deploy: an entry script, a model, an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ECHO_SCRIPT = """\
import json
import os
from pathlib import Path


def init():
    global model
    model = (Path(os.environ["AZUREML_MODEL_DIR"]) / "model" / "weights.txt").read_text().strip()
    print("the model is loaded")


def run(raw_data):
    return {"model": model, "got": json.loads(raw_data)}
"""


def write_echo_project(folder: Path, *, weights: str = "first", script: str = ECHO_SCRIPT) -> dict[str, str]:
    """A project that answers with its model's content and what it was sent.

    Returns:
        The inputs that describe it.
    """
    (folder / "model").mkdir(parents=True, exist_ok=True)
    (folder / "model" / "weights.txt").write_text(weights)
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src" / "score.py").write_text(script)
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    (folder / "sample.json").write_text('{"x": 1}')
    return {
        "model-path": "model",
        "entry-script": "src/score.py",
        "environment-file": "requirements.txt",
        "trigger": "http",
        "sample-request": "sample.json",
    }
