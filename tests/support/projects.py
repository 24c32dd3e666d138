"""Projects for preflight, as they will lie in an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.spec import Model
from functions_model.image.tree import read_tree
from functions_model.preflight.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CODE = "var/azureml-app/code"
MODEL = "var/azureml-app/azureml-models/iris/1"


def project(workspace: Path, code: Mapping[str, str], model: Mapping[str, bytes | str] | None = None) -> Project:
    """A project of these files: code by its paths beside `score.py`, and one model folder that is called `model`."""
    models = model or {}
    write(workspace / "src", code)
    write(workspace / "model", models)
    return Project(
        workspace=workspace,
        code=read_tree(workspace / "src", CODE, root=workspace),
        code_folder=CODE,
        entry_script="score.py",
        models=read_tree(workspace / "model", f"{MODEL}/model", root=workspace),
        model_folders=((Model("iris", "1", workspace / "model"), MODEL),) if models else (),
        python="3.11",
        source_directory=workspace / "src",
    )


def write(folder: Path, files: Mapping[str, bytes | str]) -> None:
    """Write files, by their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
