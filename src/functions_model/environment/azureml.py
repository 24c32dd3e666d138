"""Azure ML environment YAML: https://learn.microsoft.com/azure/machine-learning/reference-yaml-environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from functions_model.core.azureml_environment import BUILDS, INSTEAD_OF_BUILD, KEYS, UNUSED
from functions_model.core.yaml_nodes import is_empty, place, sections
from functions_model.environment.conda import read_conda
from functions_model.environment.requirement_options import inside_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions_model.environment.request import Draft

MARKS = frozenset({"$schema", "image", "conda_file", "build", "os_type", "inference_config"})
"""Keys that a conda file never has."""


def read_azureml(node: yaml.MappingNode, path: Path, draft: Draft, read_file: Callable[[Path, Draft], None]) -> None:
    """Add what an Azure ML environment asks for.

    Args:
        node: The whole file.
        path: The file; a `conda_file` that is a path is relative to it.
        draft: What is added to, problems included.
        read_file: Reads the file that `conda_file` names.
    """
    found = sections(node, KEYS, path, draft.refuse)
    if "build" in found:
        draft.refuse(found["build"][0], BUILDS, INSTEAD_OF_BUILD)
        return
    if "conda_file" not in found:
        where = found["image"][0] if "image" in found else place(path, node)
        draft.refuse(
            where, "it names no dependencies (`conda_file`)", "Add `conda_file`, a path or the environment itself."
        )
        return
    draft.warnings += [f"The environment's `{key}` is not used: {UNUSED[key]}." for key in found if key in UNUSED]
    where, conda_file = found["conda_file"]
    if isinstance(conda_file, yaml.MappingNode):
        read_conda(conda_file, path, draft)
    elif not isinstance(conda_file, yaml.ScalarNode) or is_empty(conda_file):
        draft.refuse(where, "`conda_file` is neither a path nor an environment", "Give one of the two.")
    elif included := inside_path(conda_file.value, where, draft):
        read_file(included, draft)
