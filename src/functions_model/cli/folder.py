"""A folder that is to be tried: the inputs that its own file names give, and its `inputs.yml`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from functions_model.core.failures import EnvironmentFailed, InputsInvalid, Location, Problem
from functions_model.core.registered import is_mlflow_model
from functions_model.environment import read_environment, read_mlflow_environment

INPUTS = "inputs.yml"
"""The inputs that the conventions do not give, by name; paths are relative to the folder."""
_SCRIPT = "score.py"
_ENVIRONMENT_FILES = ("conda.yml", "conda.yaml", "environment.yml", "environment.yaml", "requirements.txt")
_SAMPLES = ("sample-request.*", "sample_request.*")
_LONGEST_NAME = 60
"""Of a function app: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules."""


def inputs_of(folder: Path) -> dict[str, str]:
    """The inputs for a run on the folder: its conventions, and `inputs.yml` over them.

    Args:
        folder: Holds `score.py`, `conda.yml`, `model/`, `sample-request.json` and their like.

    Raises:
        InputsInvalid: `inputs.yml` cannot be read, or nothing in the folder says what scores.
    """
    given = conventional_inputs(folder) | _written_inputs(folder)
    if not given.keys() & {"entry-script", "deployment-file"} and not is_mlflow_model(folder / "model"):
        what = f"there is no `{_SCRIPT}` in `{folder}`"
        remedy = f"Name a folder with one, or say in its `{INPUTS}` what the entry script is called."
        raise InputsInvalid("read the folder", [Problem(what, remedy)])
    return given


def conventional_inputs(folder: Path) -> dict[str, str]:
    """The inputs that a folder's own file names give: `score.py`, `conda.yml`, `model/`, `sample-request.json`."""
    inputs = {
        "model-path": _first(folder, ("model",)),
        "environment-file": _first(folder, _ENVIRONMENT_FILES),
        "sample-request": _first(folder, _SAMPLES),
        "entry-script": _first(folder, (_SCRIPT,)),
    }
    return {name: value for name, value in inputs.items() if value}


def pinned_python(folder: Path, inputs: dict[str, str]) -> str | None:
    """The Python minor that the folder's environment pins, for the sandbox to offer a base image with it.

    None where it pins none. A file at fault pins none either: the deployment will say what is wrong with it.
    """
    try:
        if inputs.get("python-version"):
            return inputs["python-version"]
        if name := inputs.get("environment-file"):
            file = folder / name
            return read_environment(file).python_version if file.is_file() else None
        if is_mlflow_model(folder / inputs.get("model-path", "model")):
            model = folder / inputs.get("model-path", "model")
            return read_mlflow_environment(model, root=folder).python_version
    except EnvironmentFailed:
        pass
    return None


def app_name_for(folder: Path) -> str:
    """A name that Azure takes for an app, made from a folder's: `My model` gives `my-model-try`."""
    words = re.findall("[a-z0-9]+", folder.name.lower())
    return "-".join([*words, "try"])[-_LONGEST_NAME:].strip("-")


def _first(folder: Path, patterns: Sequence[str]) -> str:
    found = (path.name for pattern in patterns for path in sorted(folder.glob(pattern)))
    return next(found, "")


def _written_inputs(folder: Path) -> dict[str, str]:
    file = folder / INPUTS
    if not file.is_file():
        return {}
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        location = Location(file, mark.line + 1 if mark else None)
        raise _unreadable("it is not YAML", "Write one `name: value` on each line.", location) from error
    if not isinstance(document, dict):
        raise _unreadable("it is not a mapping of inputs", "Write one `name: value` on each line.", Location(file))
    return {str(name): _text(value) for name, value in document.items()}


def _text(value: Any) -> str:
    """As an input is written: several values on lines of their own."""
    if isinstance(value, list):
        return "\n".join(str(item) for item in value) or "[]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unreadable(what: str, remedy: str, location: Location) -> InputsInvalid:
    return InputsInvalid(f"read `{INPUTS}`", [Problem(what, remedy, location=location)])
