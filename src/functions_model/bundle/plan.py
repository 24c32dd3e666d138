"""What goes into the image, layer by layer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from functions_model.bundle import layout
from functions_model.bundle.functions import function_definitions, script_of
from functions_model.bundle.host_json import host_json
from functions_model.bundle.labels import container_env
from functions_model.bundle.user_files import UserFiles, code_files, model_files
from functions_model.core.failures import BundleFailed, Problem
from functions_model.core.spec import DeploymentSpec, Model
from functions_model.image.compression import Compression
from functions_model.image.credentials import LeftOut
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.layers import LayerPlan
from functions_model.image.tree import read_tree

PAYLOAD_SOURCE = Path(__file__).resolve().parents[1] / "payload"


def runtime_tree(spec: DeploymentSpec, lock_text: str) -> FileTree:
    """The files of the layer `runtime`.

    Raises:
        BundleFailed: The user's own host.json does not fit; every problem is told.
    """
    folder = Path(layout.PAYLOAD).name
    documents = {f"{layout.WWWROOT}/host.json": host_json(spec)}
    for name, definition in function_definitions(spec.trigger).items():
        script = {"scriptFile": f"../{folder}/{script_of(name, spec.trigger)}"}
        documents[f"{layout.WWWROOT}/{name}/function.json"] = script | definition
    texts = {path: json.dumps(document, indent=2) + "\n" for path, document in documents.items()}
    files = [TreeFile(path, text.encode()) for path, text in texts.items()]
    files += [TreeFile(f"{layout.PAYLOAD}/{file.name}", file.read_bytes()) for file in PAYLOAD_SOURCE.glob("*.py")]
    return FileTree.of([*files, TreeFile(layout.LOCK, lock_text.encode())])


CODE_LAYER = "code"
"""The name of the layer with the source directory, or with our script for an MLflow model."""
MOST_MODEL_LAYERS = 16
"""With more models than that, they share their layers: engines allow 127 in all, and pull three at a time."""
BYTECODE = ("__pycache__/", "*.pyc")
"""It holds times, and paths of the machine that it was made on."""


@dataclass(frozen=True, slots=True)
class BundlePlan:
    """What an image adds to its base. Nothing is packed yet.

    Attributes:
        layers: From what changes less to what changes more: `model` (one each, as `model iris:1`, where there are
            several), `code`. A layer without files is left out. What lies below them needs the lock.
        env: Environment variables, by name.
        functions: The names of the functions that the host will find.
        left_out: Files of credentials that stay out of it, by their place in the workspace.
    """

    layers: tuple[LayerPlan, ...]
    env: dict[str, str]
    functions: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()


def plan_layers(spec: DeploymentSpec, *, conda: bool = False, variables: Iterable[tuple[str, str]] = ()) -> BundlePlan:
    """The plan for one deployment, as far as it needs no lock. Reads the files' names, not their bytes.

    Args:
        spec: What is deployed.
        conda: Whether a conda environment runs the worker.
        variables: Names and values that the environment sets; none of them takes the place of one of ours.

    Raises:
        BundleFailed: The user's files cannot be packed; every problem is told.
    """
    models, code = _user_files(spec)
    layers = (*_model_plans(spec, models.tree), LayerPlan(CODE_LAYER, code.tree, Compression.GZIP, spec.build.epoch))
    return BundlePlan(
        layers=tuple(layer for layer in layers if layer.tree.files),
        env={**dict(variables), **container_env(spec, conda=conda)},
        functions=tuple(function_definitions(spec.trigger)),
        left_out=(*models.left_out, *code.left_out),
    )


def runtime_layer(spec: DeploymentSpec, lock_text: str) -> LayerPlan:
    """The layer `runtime`, below the models: what the host reads and runs.

    Args:
        spec: What is deployed.
        lock_text: What is installed, to be kept in the image.

    Raises:
        BundleFailed: The user's own host.json does not fit; every problem is told.
    """
    return LayerPlan("runtime", runtime_tree(spec, lock_text), Compression.GZIP, spec.build.epoch)


def model_layer(spec: DeploymentSpec, model: Model) -> str:
    """The name of the layer that holds a model."""
    count = len(spec.models)
    if count > MOST_MODEL_LAYERS:
        return "models"
    return "model" if count == 1 else f"model {model.name}:{model.version}"


def _model_plans(spec: DeploymentSpec, models: FileTree) -> Iterator[LayerPlan]:
    compression, epoch = Compression(spec.build.model_compression), spec.build.epoch
    if len(spec.models) > MOST_MODEL_LAYERS:
        yield LayerPlan("models", models, compression, epoch)
        return
    for model in spec.local_models:
        folder = f"{layout.model_folder(model)}/"
        own = FileTree(tuple(file for file in models.files if file.path.startswith(folder)))
        yield LayerPlan(model_layer(spec, model), own, compression, epoch)


DEPENDENCIES_LAYOUT = 2
"""How dependencies become layers. A higher number whenever the same lock would give other layers than before: those of
an earlier number are then made anew. `tests/contract/test_dependencies_layout.py` holds what belongs to it."""


def dependency_layers(spec: DeploymentSpec, site_packages: Path, conda: Path | None = None) -> tuple[LayerPlan, ...]:
    """The layers below all others of ours, the lowest first: `conda`, `dependencies`. None is empty.

    Args:
        spec: What is deployed.
        site_packages: The folder that becomes the image's `site-packages`.
        conda: The prefix that belongs at `/opt/conda`; None when there are no conda packages.

    Raises:
        BundleFailed: A file cannot be in an image.
    """
    places = (("conda", conda, layout.CONDA), ("dependencies", site_packages, layout.SITE_PACKAGES))
    plans = (
        LayerPlan(name, read_tree(folder, under, root=folder, exclude=BYTECODE), Compression.GZIP, spec.build.epoch)
        for name, folder, under in places
        if folder
    )
    return tuple(plan for plan in plans if plan.tree.files)


def _user_files(spec: DeploymentSpec) -> list[UserFiles]:
    """The models and the code; when both have faults, all of them are told."""
    found: list[UserFiles] = []
    problems: list[Problem] = []
    for read in (model_files, code_files):
        try:
            found.append(read(spec))
        except BundleFailed as failure:
            problems += failure.problems
    if problems:
        raise BundleFailed("pack the model and the code", problems)
    return found
