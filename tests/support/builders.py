"""A small project that needs a container engine: for a Dockerfile of its own, and for a package without a wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.source_packages import SourcePackage

if TYPE_CHECKING:
    from pathlib import Path

STAMP = SourcePackage("stamp", "1.0", 'TEXT = "made from source"\n')
SCRIPT = """\
import json
import os
from pathlib import Path

import six
import stamp


def init():
    global model
    model = (Path(os.environ["AZUREML_MODEL_DIR"]) / "model" / "weights.txt").read_text()


def run(raw_data):
    data = json.loads(raw_data)
    if data.get("boom"):
        raise ValueError("asked to break")
    return {"model": model, "got": data, "stamp": stamp.TEXT, "six": six.__version__}
"""
"""It raises when it is asked to."""
DESCRIBED = {
    "model-path": "model",
    "entry-script": "src/score.py",
    "environment-file": "requirements.txt",
    "trigger": "http",
}
"""The inputs that say what the project is."""
WITH_ENGINE = {"builder": "docker", "dockerfile": "own/Dockerfile", "base-image": ""}
"""The inputs of a run that needs the engine."""


def write_project(folder: Path, base: str) -> None:
    """The project; what `requirements.txt` asks for has a source in `links`, and no wheel.

    Args:
        folder: Where to.
        base: What its own Dockerfile starts from.
    """
    texts = {
        "model/weights.txt": "first",
        "src/score.py": SCRIPT,
        "requirements.txt": "--find-links ./links\nsix==1.17.0\nstamp==1.0\n",
        "sample.json": '{"x": 1}',
        "own/extra.txt": "extra\n",
        "own/Dockerfile": f"FROM {base}\nRUN echo made by a step > /etc/own-step\nCOPY extra.txt /etc/own-file\n"
        "ENV OWN_SETTING=yes\n",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    STAMP.write_source(folder / "links")
