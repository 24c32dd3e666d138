"""Paths that MLflow wrote into `MLmodel` on Windows, with backslashes; whole ones, such as that of the code, too.

MLflow joins them to the model's folder as they are, so on Linux it finds none of these files. (`os.path.basename` in
mlflow/pyfunc/model.py, which takes the file of `model_code_path`, leaves the whole path there.)
"""

from __future__ import annotations

import tempfile
from pathlib import Path, PureWindowsPath
from typing import Any

import yaml

MODEL_FILE = "MLmodel"


def readable_here(folder: Path) -> Path:
    """The model's folder; one of links beside an `MLmodel` with this system's paths where Windows' are in the way.

    Args:
        folder: The folder with `MLmodel`. Nothing is written to it: it belongs to the image.
    """
    text = (folder / MODEL_FILE).read_text("utf-8")
    if "\\" not in text:
        return folder
    document = yaml.safe_load(text)
    flavors = document.get("flavors")
    mended = _mended(flavors, folder)
    if mended == flavors:
        return folder
    links = Path(tempfile.mkdtemp(prefix="mlflow-model-"))
    for entry in folder.iterdir():
        if entry.name != MODEL_FILE:
            (links / entry.name).symlink_to(entry)
    (links / MODEL_FILE).write_text(yaml.safe_dump({**document, "flavors": mended}), "utf-8")
    return links


def _mended(value: Any, folder: Path) -> Any:
    if isinstance(value, dict):
        return {key: _mended(one, folder) for key, one in value.items()}
    if isinstance(value, list):
        return [_mended(one, folder) for one in value]
    return _path(value, folder) if isinstance(value, str) and "\\" in value else value


def _path(text: str, folder: Path) -> str:
    """The path with slashes, when the folder has what it names; of a whole path, when it has the last name."""
    path = PureWindowsPath(text)
    is_there = (folder / path.name).exists() if path.is_absolute() else (folder / path.as_posix()).exists()
    return path.as_posix() if is_there else text
