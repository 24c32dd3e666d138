"""From an environment file to what it asks for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import yaml
from packaging.utils import canonicalize_name

from functions_model.core.build import Solver
from functions_model.core.failures import EnvironmentFailed, Location
from functions_model.core.registered import (
    BUILDS,
    ENVIRONMENT_KEYS,
    ENVIRONMENT_UNUSED,
    INSTEAD_OF_BUILD,
    INSTEAD_OF_SERVER,
    OWN_SERVER,
)
from functions_model.core.spec import InlineEnvironment
from functions_model.core.yaml_nodes import is_empty, place, sections
from functions_model.environment.conda import read_conda
from functions_model.environment.pythons import allowed_minors
from functions_model.environment.request import Draft, EnvironmentRequest, Requirement
from functions_model.environment.requirement_options import inside_path
from functions_model.environment.requirements import read_requirements, read_text

INFERENCE_SERVER = Requirement("azureml-inference-server-http", "azureml-inference-server-http")
"""What runs the entry script. Its version is the resolver's choice."""

MARKS = frozenset({"$schema", "image", "conda_file", "build", "os_type", "inference_config"})
"""Keys that a conda file never has."""
_REQUIREMENTS = frozenset({".txt", ".in", ".lock"})
"""Endings of requirements files; a lock is one, with hashes."""


def read_environment(
    source: Path | InlineEnvironment | None,
    *,
    root: Path | None = None,
    environ: Mapping[str, str] | None = None,
    solver: Solver = Solver.AUTO,
) -> EnvironmentRequest:
    """What an environment file asks for, and the inference server when the file does not name it.

    The server is added beside `azureml-defaults` too: its older releases, which a resolver may pick, do not bring it.

    Args:
        source: A `requirements.txt`, a conda YAML or an Azure ML environment YAML, absolute; or one that stands inside
            another file, whose folder its paths are relative to. None asks for the server alone.
        root: The folder that no included file may leave; None allows all.
        environ: Where `${NAME}` in index options and channels is looked up; None takes the process environment.
        solver: What resolves a conda file. `AUTO` takes wheels when each of its packages has one and its channels are
            public ones.

    Raises:
        EnvironmentFailed: With every problem, each on its line.
    """
    if source is None:
        return EnvironmentRequest(None, None, (INFERENCE_SERVER,))
    draft = Draft(root, dict(os.environ if environ is None else environ), solver)
    if isinstance(source, InlineEnvironment):
        _read_yaml_text("\n" * (source.line - 1) + source.text, source.file, draft)
        return complete(draft, source.file, line=source.line)
    _read_file(source, draft)
    return complete(draft, source)


def complete(draft: Draft, source: Path | None, *, line: int | None = None) -> EnvironmentRequest:
    """The request that a draft has become, with the inference server.

    Args:
        draft: What was read.
        source: The file that it was read from.
        line: Where it begins there, when it is a part of that file.

    Raises:
        EnvironmentFailed: With every problem, each on its line.
    """
    allowed = allowed_minors(draft.python_text) if draft.python_text else None
    if source and not (draft.problems or draft.requirements or draft.conda or draft.warnings) and allowed is None:
        draft.refuse(Location(source, line), "it asks for nothing", "Name the packages, or give no environment file.")
    if draft.problems:
        raise EnvironmentFailed("read the environment file", draft.problems)
    return EnvironmentRequest(
        source=source,
        python_version=allowed[0] if allowed and len(allowed) == 1 else None,
        requirements=_with_server(draft),
        constraints=tuple(draft.constraints),
        indexes=draft.indexes,
        python_allowed=allowed,
        python_location=draft.python_location,
        warnings=tuple(dict.fromkeys(draft.warnings)),
        conda=draft.conda,
        variables=tuple(draft.variables.items()),
    )


def _with_server(draft: Draft) -> tuple[Requirement, ...]:
    names = {canonicalize_name(asked.name) for asked in draft.requirements} | {spec.name for spec in draft.conda_specs}
    added = () if INFERENCE_SERVER.name in names else (INFERENCE_SERVER,)
    return (*draft.requirements, *added)


def _read_file(path: Path, draft: Draft) -> None:
    if path.suffix in _REQUIREMENTS and draft.solver is Solver.CONDA:
        draft.refuse(
            Location(path),
            "it is a requirements file, and `solver: conda` resolves conda files",
            "Give a conda file (`.yml`), or leave `solver` out.",
        )
    elif path.suffix in _REQUIREMENTS:
        read_requirements(path, draft)
    elif path.suffix in {".yml", ".yaml"}:
        _read_yaml(path, draft)
    else:
        draft.refuse(
            Location(path),
            f"`{path.name}` is not one of the known formats",
            "Give a requirements file (`.txt`), a conda file or an Azure ML environment (`.yml`, `.yaml`).",
        )


def _read_yaml(path: Path, draft: Draft) -> None:
    if path in draft.open_files:
        draft.refuse(Location(path), "the file includes itself", "Correct its `conda_file`.")
        return
    text = read_text(path, draft)
    if text is not None:
        _read_yaml_text(text, path, draft)


def _read_yaml_text(text: str, path: Path, draft: Draft) -> None:
    node = draft.mapping(text, path)
    if node is None:
        return
    draft.open_files.append(path)
    if MARKS & {str(key.value) for key, _ in node.value}:
        read_azureml(node, path, draft)
    else:
        read_conda(node, path, draft)
    draft.open_files.pop()


def read_azureml(node: yaml.MappingNode, path: Path, draft: Draft) -> None:
    """Add what an Azure ML environment asks for.

    https://learn.microsoft.com/azure/machine-learning/reference-yaml-environment

    Args:
        node: The whole file.
        path: The file; a `conda_file` that is a path is relative to it.
        draft: What is added to, problems included.
    """
    found = sections(node, ENVIRONMENT_KEYS, path, draft.refuse)
    if "build" in found:
        draft.refuse(found["build"][0], BUILDS, INSTEAD_OF_BUILD)
        return
    if "conda_file" not in found and "inference_config" in found:
        draft.refuse(found["inference_config"][0], OWN_SERVER, INSTEAD_OF_SERVER)
        return
    if "conda_file" not in found:
        where = found["image"][0] if "image" in found else place(path, node)
        draft.refuse(
            where, "it names no dependencies (`conda_file`)", "Add `conda_file`, a path or the environment itself."
        )
        return
    draft.warnings += [
        f"The environment's `{key}` is not used: {ENVIRONMENT_UNUSED[key]}."
        for key in found
        if key in ENVIRONMENT_UNUSED
    ]
    where, conda_file = found["conda_file"]
    if isinstance(conda_file, yaml.MappingNode):
        read_conda(conda_file, path, draft)
    elif not isinstance(conda_file, yaml.ScalarNode) or is_empty(conda_file):
        draft.refuse(where, "`conda_file` is neither a path nor an environment", "Give one of the two.")
    elif included := inside_path(conda_file.value, where, draft):
        _read_file(included, draft)
