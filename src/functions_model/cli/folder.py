"""What a folder says about itself when it is tried: its files by their names, and its `inputs.yml`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from functions_model.core.failures import EnvironmentFailed, InputsInvalid, Problem
from functions_model.core.promotion import AnySpec
from functions_model.core.registered import is_mlflow_model
from functions_model.core.spec import DeploymentSpec
from functions_model.environment import choose_python
from functions_model.inputs import read_any
from functions_model.inputs.inputs_file import inputs_in
from functions_model.pipeline.checks import asked_for

INPUTS = "inputs.yml"
"""The inputs that the conventions do not give, by name; paths are relative to the folder."""
_SCRIPT = "score.py"
_ENVIRONMENT_FILES = ("conda.yml", "conda.yaml", "environment.yml", "environment.yaml", "requirements.txt")
_SAMPLES = ("sample-request.*", "sample_request.*")
_LONGEST_NAME = 60
"""Of a function app: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules."""
_ANY_ID = "00000000-0000-0000-0000-000000000000"
_STAND_INS = {
    **dict.fromkeys(("subscription-id", "tenant-id", "client-id"), _ANY_ID),
    "cloud": "https://localhost",
    "registry": "localhost:5000",
    "location": "westeurope",
    "app-name": "try",
    "resource-group": "try",
}
"""Inputs that a sandbox will give."""
_OF_A_STAGE = frozenset({"image", "image-username"})
"""Inputs that `try` has no use for: what it tries is built of the folder."""
_NEAR = 2
"""How many folders up or down an entry script is searched."""


def example() -> Path:
    """The folder that `demo` deploys: that of the repository which this program belongs to, wherever it is called.

    A program that was installed without its repository has none, and gives the place where a clone has it.
    """
    place = Path("examples") / "iris-http"
    here = Path(__file__).parents[3] / place
    return here if not place.is_dir() and here.is_dir() else place


def inputs_of(folder: Path) -> dict[str, str]:
    """The inputs for a run on the folder: its conventions, and `inputs.yml` over them.

    Args:
        folder: Holds `score.py`, `conda.yml`, `model/`, `sample-request.json` and their like.

    Raises:
        InputsInvalid: There is no such folder, `inputs.yml` cannot be read, or model or entry script are not in it.
    """
    if problem := _no_folder(folder):
        raise InputsInvalid("read the folder", [problem])
    given = conventional_inputs(folder) | _written_inputs(folder)
    if "deployment-file" not in given and (problems := _missing(folder, given)):
        raise InputsInvalid("read the folder", problems)
    return given


def check_inputs(folder: Path, given: Mapping[str, str]) -> AnySpec:
    """Check the inputs as a run does, before there is a sandbox; what it would do.

    Raises:
        InputsInvalid: A run would end with these problems.
    """
    return read_any({**given, **_STAND_INS, "mode": "deploy"}, workspace=folder)


def conventional_inputs(folder: Path) -> dict[str, str]:
    """The inputs that a folder's own file names give: `score.py`, `conda.yml`, `model/`, `sample-request.json`."""
    inputs = {
        "model-path": _first(folder, ("model",)),
        "environment-file": _first(folder, _ENVIRONMENT_FILES),
        "sample-request": _first(folder, _SAMPLES),
        "entry-script": _first(folder, (_SCRIPT,)),
    }
    return {name: value for name, value in inputs.items() if value}


def pinned_python(spec: DeploymentSpec | None) -> str | None:
    """The Python minor that inputs or environment pin, for the sandbox to offer a base image with it.

    None where they pin none. A file at fault pins none either, nor does one that asks for a Python that no base image
    has: the deployment will say what is wrong with it.
    """
    if spec is None or spec.python_version:
        return spec.python_version if spec else None
    with suppress(EnvironmentFailed):
        request = asked_for(spec)
        if request and (request.python_version or request.python_allowed is not None):
            return choose_python(None, request).version
    return None


def app_name_for(folder: Path) -> str:
    """A name that Azure takes for an app, made from a folder's: `My model` gives `my-model-try`."""
    words = re.findall("[a-z0-9]+", folder.name.lower())
    return "-".join([*words, "try"])[-_LONGEST_NAME:].strip("-")


def _no_folder(folder: Path) -> Problem | None:
    if folder.is_dir():
        return None
    if not folder.exists():
        if folder.parent.name == "examples":
            examples = "The examples come with the repository, not with an installed program"
            remedy = f"{examples}: run it in a clone, or name your own folder, with a `{_SCRIPT}` and a model."
            return Problem(f"there is no folder `{folder}`", remedy)
        return Problem(f"there is no folder `{folder}`", "Check the path.")
    near = (script for one in folder.parents[:_NEAR] for script in (one / _SCRIPT, *sorted(one.glob(f"*/{_SCRIPT}"))))
    holds = next((f": `{script.parent}`" for script in near if script.is_file()), "")
    return Problem(f"`{folder}` is a file, not a folder", f"Name the folder that holds your `{_SCRIPT}`{holds}.")


def _missing(folder: Path, given: Mapping[str, str]) -> list[Problem]:
    """What a folder must say, and this one does not: where the model is, and what scores."""
    problems = []
    if "entry-script" not in given and not is_mlflow_model(folder / given.get("model-path", "model")):
        problems.append(_no_script(folder))
    if "model-path" not in given:
        what = f"there is no `model` in `{folder}`"
        remedy = f"Put the model into `model/`, or write `model-path: <file or folder>` into that folder's `{INPUTS}`."
        problems.append(Problem(what, f"{remedy} A script without a model has `model-path: []`.", "model-path"))
    return problems


def _no_script(folder: Path) -> Problem:
    what = f"there is no `{_SCRIPT}` in `{folder}`"
    below = (path for depth in range(1, _NEAR + 1) for path in sorted(folder.glob("*/" * depth + _SCRIPT)))
    if found := next(below, None):
        script = found.relative_to(folder)
        remedy = f"Write `entry-script: {script}` into that folder's `{INPUTS}`, or name the folder `{found.parent}`."
    else:
        remedy = f"Name a folder with one, or write `entry-script: <file>` into that folder's `{INPUTS}`."
    return Problem(what, remedy, "entry-script")


def _first(folder: Path, patterns: Sequence[str]) -> str:
    found = (path.name for pattern in patterns for path in sorted(folder.glob(pattern)))
    return next(found, "")


def _written_inputs(folder: Path) -> dict[str, str]:
    return {name: text for name, text in inputs_file_of(folder).items() if name not in _OF_A_STAGE}


def inputs_file_of(folder: Path) -> dict[str, str]:
    """What a folder's `inputs.yml` says, by name; nothing where there is none.

    Raises:
        InputsInvalid: It cannot be read.
    """
    file = folder / INPUTS
    found, problems = inputs_in(file, "") if file.is_file() else ({}, [])
    if problems:
        raise InputsInvalid(f"read `{INPUTS}`", problems)
    return {name: text for name, (text, _) in found.items()}
