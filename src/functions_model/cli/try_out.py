"""The doors `try` and `demo`: a whole deployment of a folder against the built-in sandbox, on this machine alone."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from functions_model.ci import detect, outside
from functions_model.cli.once import Ending, run_once
from functions_model.cli.sandbox import RunningSandbox, SandboxStopped, running_sandbox
from functions_model.cli.usage import show_usage
from functions_model.core.failures import EnvironmentFailed, InputsInvalid, Problem
from functions_model.core.registered import is_mlflow_model
from functions_model.environment import read_environment, read_mlflow_environment
from functions_model.inputs.inputs_file import inputs_in

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
    found, problems = inputs_in(file, "") if file.is_file() else ({}, [])
    if problems:
        raise InputsInvalid(f"read `{INPUTS}`", problems)
    return {name: text for name, (text, _) in found.items()}


_UNAVAILABLE = 69
"""EX_UNAVAILABLE of sysexits.h: the sandbox cannot run here."""
_ANSWER_LENGTH = 200
"""Characters of an answer that go into the demo's one line."""


def demo(arguments: Sequence[str]) -> int:
    """Deploy an example, have the live function score its sample request, and say so in one line."""
    options = _parse("demo", arguments, {"nargs": "?", "default": Path("examples") / "iris-http"})
    return _with_sandbox(options, serve=False)


def try_out(arguments: Sequence[str]) -> int:
    """Deploy a folder, print how to use it, and serve it until Ctrl-C, each change of a file deployed anew."""
    return _with_sandbox(_parse("try", arguments, {}), serve=True)


def _parse(command: str, arguments: Sequence[str], how: dict[str, Any]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(f"functions-model {command}", allow_abbrev=False)
    held = "holds score.py, conda.yml, model/, sample-request.json, and inputs.yml for any other input"
    parser.add_argument("folder", type=Path, help=held, **how)
    parser.add_argument(
        "--engine",
        choices=("auto", "docker", "process"),
        default="auto",
        help="how the sandbox runs the app: in Docker, or as a process; auto takes Docker where it answers",
    )
    if command == "try":
        parser.add_argument(
            "--auth-level",
            choices=("anonymous", "function", "admin"),
            default="anonymous",
            help="who may call a function with an HTTP trigger (default: %(default)s)",
        )
    return parser.parse_args(list(arguments))


def _with_sandbox(options: argparse.Namespace, *, serve: bool) -> int:
    folder = options.folder.resolve()
    try:
        given = inputs_of(folder)
        _say("Starting a local Azure on this machine ...")
        with running_sandbox(options.engine, pinned_python(folder, given)) as sandbox:
            _say(
                f"The sandbox is up. It runs apps by: {sandbox.engine}",
                *(f"Left out: {note}" for note in sandbox.notes),
            )
            ending = _deploy(folder, sandbox, _opened(given, options))
            if ending.code == 0:
                _say_live("try" if serve else "demo", ending)
                if serve:
                    show_usage(ending, sandbox)
                    _serve(folder, options, sandbox)
            return ending.code
    except InputsInvalid as failure:
        sys.stderr.write(f"{failure}\n")
        return failure.exit_code
    except SandboxStopped as error:
        sys.stderr.write(f"Could not start the sandbox: {error}\n")
        return _UNAVAILABLE


def _opened(given: dict[str, str], options: argparse.Namespace) -> dict[str, str]:
    """The inputs, with a function that everybody on this machine may call, where that is a question at all."""
    if given.get("trigger", "http") == "http" and hasattr(options, "auth_level"):
        return {**given, "auth-level": options.auth_level}
    return given


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def _deploy(folder: Path, sandbox: RunningSandbox, inputs: dict[str, str]) -> Ending:
    # `requests` reads REQUESTS_CA_BUNDLE from the process itself, so the sandbox's variables are set there.
    os.environ.update(sandbox.environ)
    environ = outside(os.environ)
    name = app_name_for(folder)
    values = {**sandbox.inputs, **inputs, "mode": "deploy", "app-name": name, "resource-group": name}
    return run_once(values, environ, detect(environ, sys.stdout), folder)


def _say_live(word: str, ending: Ending) -> None:
    verified = ending.verified
    answer = " ".join(verified.answer.split())[:_ANSWER_LENGTH] if verified.scored else "(nothing was scored)"
    _say(f"{word}: live {verified.scoring_url} -> {answer} in {ending.seconds:.1f} s")


def _serve(folder: Path, options: argparse.Namespace, sandbox: RunningSandbox) -> None:
    """Deploy again whenever a file changes, until Ctrl-C. A failure is told, and the next change tried."""
    from watchfiles import watch  # noqa: PLC0415 - it comes with the sandbox, and only this door needs it

    _say("", "Watching the folder: a change is deployed at once. Stop with Ctrl-C.")
    for changes in watch(folder, debounce=400):
        names = sorted({str(Path(path).relative_to(folder)) for _, path in changes})
        _say("", f"Changed: {', '.join(names)}")
        try:
            ending = _deploy(folder, sandbox, _opened(inputs_of(folder), options))
        except InputsInvalid as failure:
            sys.stderr.write(f"{failure}\n")
            continue
        if ending.code == 0:
            _say_live("try", ending)
