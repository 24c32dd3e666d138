"""What an MLflow model asks for: the files that lie beside its `MLmodel`.

The same file is read that `mlflow models serve` reads: `python_env.yaml`; where there is none, `requirements.txt` with
the Python of `conda.yaml`; else `conda.yaml` alone. https://mlflow.org/docs/latest/ml/model/#storage-format
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement as ParsedRequirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from functions_model.core.build import Solver
from functions_model.core.failures import Location, RuleBroken
from functions_model.core.registered import MODEL_FILE
from functions_model.core.yaml_nodes import is_empty, sections
from functions_model.environment.conda import read_conda
from functions_model.environment.conda_specs import parse_conda_spec, pep440
from functions_model.environment.reading import complete
from functions_model.environment.request import CondaDependency, Draft, EnvironmentRequest, Requirement
from functions_model.environment.requirements import read_list, read_requirements, read_text

_NAMES = ("mlflow", "mlflow-skinny")
_OLDEST = Version("2.6")
"""The first release that keeps its request formats in a function of their own, which the scoring script calls."""
_NEWEST_MAJOR = 5
_NEWEST_MINOR = 60
"""How far to look for releases that a requirement allows: beyond anything released."""
_KEYS = ("python", "build_dependencies", "dependencies")


@dataclass(frozen=True, slots=True)
class _Files:
    """The model's environment files; None for one that is not there."""

    python_env: Path | None
    conda: Path | None
    requirements: Path | None


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
    files = _files(folder, model, draft)
    if solver is Solver.CONDA:
        if files.conda is None:
            what = "there is no `conda.yaml` beside it, and `solver: conda` needs one"
            draft.refuse(Location(folder / MODEL_FILE), what, "Leave `solver` out.")
        files = _Files(None, files.conda, None)
    source = files.python_env or files.requirements or files.conda
    if files.python_env:
        _read_python_env(files.python_env, draft)
    elif files.requirements:
        read_requirements(files.requirements, draft)
        _read_python_of(files.conda, draft)
    elif files.conda:
        _read_conda_file(files.conda, draft)
    else:
        draft.warnings.append(
            "The MLflow model names no packages: there is no `python_env.yaml`, `requirements.txt` or `conda.yaml`"
            " beside its `MLmodel`. Only MLflow and pandas are installed."
        )
    _check_mlflow(draft, Location(source or folder / MODEL_FILE))
    named: list[Requirement | CondaDependency] = [*draft.requirements, *draft.conda_specs]
    draft.requirements += _missing(named, model, Location(folder / MODEL_FILE))
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
    missing = _missing(named, _model(path), Location(path))
    return dataclasses.replace(request, requirements=(*request.requirements, *missing))


def _model(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError):
        return {}
    return document if isinstance(document, dict) else {}


def _files(folder: Path, model: Mapping[str, Any], draft: Draft) -> _Files:
    """The files that the `python_function` flavor names, by their usual names where it names none."""
    flavors = model.get("flavors")
    flavor = flavors.get("python_function") if isinstance(flavors, dict) else None
    named = flavor.get("env") if isinstance(flavor, dict) else None
    env = named if isinstance(named, dict) else {"conda": named or "conda.yaml"}
    return _Files(
        _file(folder, env.get("virtualenv") or "python_env.yaml", draft),
        _file(folder, env.get("conda") or "conda.yaml", draft),
        _file(folder, "requirements.txt", draft),
    )


def _file(folder: Path, name: Any, draft: Draft) -> Path | None:
    path = (folder / str(name)).resolve()
    if draft.root and not path.is_relative_to(draft.root.resolve()):
        draft.refuse(
            Location(folder / MODEL_FILE),
            f"`{name}` leads to `{path}`, outside `{draft.root}`",
            "Copy it into the model's folder.",
        )
        return None
    return folder / str(name) if path.is_file() else None


def _read_python_env(path: Path, draft: Draft) -> None:
    text = read_text(path, draft)
    node = draft.mapping(text, path) if text is not None else None
    if node is None:
        return
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


def _read_conda_file(path: Path, draft: Draft) -> None:
    text = read_text(path, draft)
    node = draft.mapping(text, path) if text is not None else None
    if node is not None:
        read_conda(node, path, draft)


def _read_python_of(conda: Path | None, draft: Draft) -> None:
    """The Python of a conda file whose packages `requirements.txt` names too."""
    if conda is None:
        return
    aside = Draft(draft.root, draft.environ)
    _read_conda_file(conda, aside)
    draft.python_text, draft.python_location = aside.python_text, aside.python_location


def _check_mlflow(draft: Draft, default: Location) -> None:
    for requirement in (*draft.requirements, *_as_wheels(draft.conda_specs)):
        if requirement.name in _NAMES and not _allows_recent(requirement):
            draft.refuse(
                requirement.location or default,
                f"`{requirement.text}` is older than MLflow {_OLDEST}, whose request formats are the ones served",
                f"Ask for `{requirement.name}>={_OLDEST}`, and see that the model loads with it.",
            )


def _as_wheels(specs: Iterable[CondaDependency]) -> list[Requirement]:
    """MLflow among conda packages, whose versions are the wheels'; where wheels have no words for them, none."""
    found = []
    for spec in specs:
        try:
            if spec.name in _NAMES:
                text = spec.name + pep440(parse_conda_spec(spec.text))
                found.append(Requirement(spec.name, text, (), spec.location))
        except RuleBroken:
            continue
    return found


def _allows_recent(requirement: Requirement) -> bool:
    allowed = ParsedRequirement(requirement.text).specifier
    exact = [Version(one.version) for one in allowed if one.operator in {"==", "==="} and "*" not in one.version]
    if exact:
        return min(exact) >= _OLDEST
    releases = (
        f"{major}.{minor}.{patch}"
        for major in range(_OLDEST.major, _NEWEST_MAJOR)
        for minor in range(_OLDEST.minor if major == _OLDEST.major else 0, _NEWEST_MINOR)
        for patch in (0, 1, 2, 3, 4)
    )
    return any(allowed.contains(release) for release in releases)


def _missing(
    named: Iterable[Requirement | CondaDependency], model: Mapping[str, Any], location: Location
) -> list[Requirement]:
    """MLflow where it is not named, in the version that made the model, and pandas, which `mlflow-skinny` lacks."""
    names = {requirement.name for requirement in named}
    missing = []
    if not names & set(_NAMES):
        missing.append(Requirement("mlflow-skinny", "mlflow-skinny" + _version_of(model), (), location))
    if not names & {"mlflow", "pandas"}:
        missing.append(Requirement("pandas", "pandas", (), location))
    return missing


def _version_of(model: Mapping[str, Any]) -> str:
    try:
        version = Version(str(model.get("mlflow_version")))
    except InvalidVersion:
        return f">={_OLDEST}"
    return f"=={version}" if version >= _OLDEST and not version.is_prerelease else f">={_OLDEST}"
