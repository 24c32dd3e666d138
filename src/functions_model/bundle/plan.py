"""What goes into the image, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.bundle import layout
from functions_model.bundle.container_env import container_env
from functions_model.bundle.functions import function_definitions
from functions_model.bundle.labels import image_labels
from functions_model.bundle.runtime_files import runtime_tree
from functions_model.bundle.user_files import code_tree, model_tree
from functions_model.core.failures import BundleFailed, Problem
from functions_model.image.compression import Compression
from functions_model.image.layers import LayerPlan
from functions_model.image.tree import read_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from functions_model.core.spec import DeploymentSpec
    from functions_model.image.tree import FileTree

BYTECODE = ("__pycache__/", "*.pyc")
"""It holds times, and paths of the machine that it was made on."""


@dataclass(frozen=True, slots=True)
class BundlePlan:
    """What an image adds to its base. Nothing is packed yet.

    Attributes:
        layers: From what changes least to what changes most: `dependencies`, `runtime`, `model`, `code`. A layer
            without files is left out.
        env: Environment variables, by name.
        labels: Image labels, by name.
        functions: The names of the functions that the host will find.
    """

    layers: tuple[LayerPlan, ...]
    env: dict[str, str]
    labels: dict[str, str]
    functions: tuple[str, ...]


def plan_layers(
    spec: DeploymentSpec, dependencies: Path, lock_text: str, *, environ: Mapping[str, str] | None = None
) -> BundlePlan:
    """The plan for one deployment. Reads the files' names, not their bytes.

    Args:
        spec: What is deployed.
        dependencies: The folder with the installed packages.
        lock_text: What was installed, to be kept in the image.
        environ: The CI host's variables, for the labels that name source and revision.

    Raises:
        BundleFailed: The user's files cannot be packed; every problem is told.
    """
    packages = read_tree(dependencies, layout.SITE_PACKAGES, root=dependencies, exclude=BYTECODE)
    models, code = _user_trees(spec)
    layers = (
        LayerPlan("dependencies", packages, Compression.GZIP),
        LayerPlan("runtime", runtime_tree(spec, lock_text), Compression.GZIP),
        LayerPlan("model", models, Compression.AUTO),
        LayerPlan("code", code, Compression.GZIP),
    )
    return BundlePlan(
        layers=tuple(layer for layer in layers if layer.tree.files),
        env=container_env(spec),
        labels=image_labels(spec, lock_text, environ or {}),
        functions=tuple(function_definitions(spec.trigger)),
    )


def _user_trees(spec: DeploymentSpec) -> list[FileTree]:
    """The models and the code; when both have faults, all of them are told."""
    trees: list[FileTree] = []
    problems: list[Problem] = []
    for read in (model_tree, code_tree):
        try:
            trees.append(read(spec))
        except BundleFailed as failure:
            problems += failure.problems
    if problems:
        raise BundleFailed("pack the model and the code", problems)
    return trees
