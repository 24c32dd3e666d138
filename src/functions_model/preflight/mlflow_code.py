"""What an MLflow model brings to be imported: the folder of its own code, and the module that loads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from functions_model.core.registered import MODEL_FILE, place_in_model
from functions_model.core.yaml_nodes import NotYaml, compose, document_of
from functions_model.preflight.image_modules import ImageModules
from functions_model.preflight.project import Project

_FLAVOR = "python_function"


@dataclass(frozen=True, slots=True)
class MlflowCode:
    """One MLflow model.

    Attributes:
        path: Its file `MLmodel`, in the image.
        line: The line with `loader_module`, counted from 1.
        loader: The module that loads it.
        folder: Of its own code, in the image; empty without any.
        script: The file that makes the model, in the image, of a model from code; else empty.
    """

    path: str
    line: int
    loader: str
    folder: str
    script: str = ""


def mlflow_code(project: Project, modules: ImageModules) -> Iterator[MlflowCode]:
    """Each model of the project that is one of MLflow's. One that cannot be read is told elsewhere."""
    for file in project.models.files:
        if not file.path.endswith(f"/{MODEL_FILE}"):
            continue
        source = modules.source(file.path)
        flavor = _flavor(source) if source else None
        if source is None or flavor is None:
            continue
        home = file.path.removesuffix(f"/{MODEL_FILE}")
        code = flavor.get("code")
        folder = f"{home}/{place_in_model(code)}".rstrip("/") if isinstance(code, str) and code else ""
        made = flavor.get("model_code_path")
        script = f"{home}/{place_in_model(made).name}" if isinstance(made, str) else ""
        before = source.partition(b"loader_module:")[0]
        yield MlflowCode(file.path, before.count(b"\n") + 1, str(flavor["loader_module"]), folder, script)


def _flavor(source: bytes) -> dict[str, Any] | None:
    try:
        document = document_of(compose(source))
    except NotYaml:
        return None
    flavors = document.get("flavors") if isinstance(document, dict) else None
    flavor = flavors.get(_FLAVOR) if isinstance(flavors, dict) else None
    return flavor if isinstance(flavor, dict) and flavor.get("loader_module") else None
