"""What an MLflow model asks for: the environment file that its `MLmodel` names.

`env` is the conda file's name as MLflow 1 wrote it, and `{conda: ..., virtualenv: ...}` since 2.0. The conda file comes
first: Azure ML's no-code deployment installs it and no other
(https://learn.microsoft.com/azure/machine-learning/how-to-deploy-mlflow-models-online-endpoints), and so does
`mlflow models serve` of MLflow 1 (`PyFuncBackend.prepare_env` in mlflow/pyfunc/backend.py). MLflow 2 and 3 read the
file of `virtualenv` (`_get_python_env` in mlflow/utils/virtualenv.py). It says the same in every model that MLflow
wrote by itself; for one with a `conda_env` of its own it lacks the conda packages, and has the training's Python.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from functions_model.core.build import Solver
from functions_model.core.failures import Location
from functions_model.core.registered import MODEL_FILE, place_in_model
from functions_model.core.yaml_nodes import NotYaml, compose, document_of, is_empty, sections
from functions_model.environment.conda import read_conda
from functions_model.environment.mlflow_releases import missing_of_mlflow
from functions_model.environment.reading import complete
from functions_model.environment.request import CondaDependency, Draft, EnvironmentRequest, Requirement
from functions_model.environment.requirements import read_list, read_requirements, read_text
from functions_model.image import opened

_KEYS = ("python", "build_dependencies", "dependencies")
_OF_MLFLOW = frozenset(_KEYS[:2])
"""Keys that no conda file has."""


def read_mlflow_environment(
    folder: Path, *, root: Path, environ: Mapping[str, str] | None = None, solver: Solver = Solver.AUTO
) -> EnvironmentRequest:
    """What an MLflow model without an entry script asks for, with MLflow itself and the inference server.

    An `MLmodel` that cannot be read is not told here: `bundle.check_mlflow_model` tells it.

    Args:
        folder: The folder with `MLmodel`, absolute.
        root: The folder that no file may leave.
        environ: Where `${NAME}` in index options is looked up; None takes the process environment.
        solver: `CONDA` reads the model's `conda.yaml` alone, and installs the conda packages that it names.

    Raises:
        EnvironmentFailed: With every problem, each on its line.
    """
    draft = Draft(root, dict(os.environ if environ is None else environ), solver)
    model = _model(folder / MODEL_FILE)
    source = _source(folder, model, draft)
    if source is None:
        draft.warnings.append(
            "The MLflow model names no packages: none of the environment files that its `MLmodel` may name is there"
            " (`conda.yaml`, `python_env.yaml`, `requirements.txt`). Only MLflow and pandas are installed."
        )
    elif source.suffix == ".txt":
        read_requirements(source, draft)
    else:
        _read_yaml(source, draft)
    named: list[Requirement | CondaDependency] = [*draft.requirements, *draft.conda_specs]
    draft.requirements += missing_of_mlflow(named, model, Location(folder / MODEL_FILE))
    return complete(draft, source)


def with_mlflow(request: EnvironmentRequest, folder: Path) -> EnvironmentRequest:
    """An environment of the user's own for an MLflow model without an entry script: with MLflow, if it names none.

    Args:
        request: What the environment file asks for.
        folder: The folder with `MLmodel`, absolute.
    """
    path = folder / MODEL_FILE
    conda = request.conda.specs if request.conda else ()
    named: list[Requirement | CondaDependency] = [*request.requirements, *conda]
    missing = missing_of_mlflow(named, _model(path), Location(path))
    return dataclasses.replace(request, requirements=(*request.requirements, *missing))


def _model(path: Path) -> dict[str, Any]:
    try:
        document = document_of(compose(opened.read_text(path)))
    except (opened.TextRefused, NotYaml):
        return {}
    return document if isinstance(document, dict) else {}


def _source(folder: Path, model: Mapping[str, Any], draft: Draft) -> Path | None:
    """The file that is read: the first that is there, by its usual name where `MLmodel` names none."""
    flavors = model.get("flavors")
    flavor = flavors.get("python_function") if isinstance(flavors, dict) else None
    named = flavor.get("env") if isinstance(flavor, dict) else None
    env = named if isinstance(named, dict) else {"conda": named}
    conda = _file(folder, env.get("conda") or "conda.yaml", draft)
    if draft.solver is Solver.CONDA:
        if conda is None:
            what = "there is no `conda.yaml` next to it, and `solver: conda` needs one"
            draft.refuse(Location(folder / MODEL_FILE), what, "Leave `solver` out.")
        return conda
    others = (env.get("virtualenv") or "python_env.yaml", "requirements.txt")
    return conda or next((file for name in others if (file := _file(folder, name, draft))), None)


def _file(folder: Path, name: Any, draft: Draft) -> Path | None:
    place = folder / place_in_model(str(name))
    try:
        path, is_file = place.resolve(), place.is_file()
    except (OSError, ValueError, RuntimeError):  # no path, or a circle of links: nothing is there
        return None
    if draft.root and not path.is_relative_to(draft.root.resolve()):
        draft.refuse(
            Location(folder / MODEL_FILE),
            f"`{name}` leads to `{path}`, outside `{draft.root}`",
            "Copy it into the model's folder.",
        )
        return None
    return place if is_file else None


def _read_yaml(path: Path, draft: Draft) -> None:
    """A conda file, or MLflow's own form, which has a key `python`."""
    text = read_text(path, draft)
    node = draft.mapping(text, path) if text is not None else None
    if node is None:
        return
    if {str(key.value) for key, _ in node.value} & _OF_MLFLOW:
        _read_python_env(node, path, draft)
    else:
        read_conda(node, path, draft)


def _read_python_env(node: yaml.MappingNode, path: Path, draft: Draft) -> None:
    found = sections(node, _KEYS, path, draft.refuse)
    if "python" in found and not is_empty(found["python"][1]):
        _read_python(*found["python"], draft)
    if "dependencies" not in found or is_empty(found["dependencies"][1]):
        return
    where, dependencies = found["dependencies"]
    remedy = "Write it as `- name==1.2`."
    read_list(dependencies, where, draft, name="dependencies", entry="a dependency", remedy=remedy)


def _read_python(where: Location, value: yaml.Node, draft: Draft) -> None:
    text = value.value.strip() if isinstance(value, yaml.ScalarNode) else ""
    exact = f"=={text}" if text.count(".") > 1 else f"=={text}.*"
    try:
        SpecifierSet(exact)
    except InvalidSpecifier:
        draft.refuse(where, f"`{text}` is not a Python version", "Write it as `python: 3.12.3`.")
        return
    draft.python_text, draft.python_location = exact, where
