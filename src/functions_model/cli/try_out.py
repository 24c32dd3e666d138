"""The doors `try` and `demo`: a whole deployment against the built-in sandbox, on this machine alone."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_model.ci import detect
from functions_model.cli.once import Ending, run_once
from functions_model.cli.sandbox import RunningSandbox, SandboxStopped, running_sandbox
from functions_model.core.failures import EnvironmentFailed
from functions_model.environment import read_environment
from functions_model.pipeline.events import AppVerified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_model.verify import Verified

_ENVIRONMENT_FILES = ("conda.yml", "conda.yaml", "environment.yml", "environment.yaml", "requirements.txt")
_SAMPLES = ("sample-request.json", "sample_request.json")
_LONGEST_NAME = 60
"""Of a function app: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules."""
_UNAVAILABLE = 69
"""EX_UNAVAILABLE of sysexits.h: the sandbox cannot run here."""
_ANSWER_LENGTH = 200
"""Characters of an answer that go into the demo's one line."""


def demo(arguments: Sequence[str]) -> int:
    """Deploy an example, have the live function score its sample request, and say so in one line."""
    options = _parse("demo", arguments, {"nargs": "?", "default": Path("examples") / "iris-http"})
    return _with_sandbox(options, {}, serve=False)


def try_out(arguments: Sequence[str]) -> int:
    """Deploy a folder, print how to call it, and serve it until Ctrl-C."""
    options = _parse("try", arguments, {})
    return _with_sandbox(options, {"auth-level": options.auth_level}, serve=True)


def conventional_inputs(folder: Path) -> dict[str, str]:
    """The inputs that a folder's own file names give: `score.py`, `conda.yml`, `model/`, `sample-request.json`.

    Args:
        folder: Holds the entry script.
    """
    inputs = {
        "model-path": _first(folder, ("model",)),
        "environment-file": _first(folder, _ENVIRONMENT_FILES),
        "sample-request": _first(folder, _SAMPLES),
        "entry-script": "score.py",
        "trigger": "http",
    }
    return {name: value for name, value in inputs.items() if value}


def pinned_python(folder: Path) -> str | None:
    """The Python minor that the folder's environment file pins, for the sandbox to offer a base image with it.

    None where it pins none. A file at fault pins none either: the deployment will say what is wrong with it.
    """
    name = _first(folder, _ENVIRONMENT_FILES)
    try:
        return read_environment(folder / name).python_version if name else None
    except EnvironmentFailed:
        return None


def _first(folder: Path, names: Sequence[str]) -> str:
    return next((name for name in names if (folder / name).exists()), "")


def _parse(command: str, arguments: Sequence[str], how: dict[str, Any]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(f"functions-model {command}", allow_abbrev=False)
    parser.add_argument("folder", type=Path, help="holds score.py, conda.yml, model/, sample-request.json", **how)
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
            help="who may call the function (default: %(default)s)",
        )
    return parser.parse_args(list(arguments))


def _with_sandbox(options: argparse.Namespace, inputs: dict[str, str], *, serve: bool) -> int:
    folder = options.folder.resolve()
    if not (folder / "score.py").exists():
        sys.stderr.write(f"There is no score.py in {options.folder}. Name a folder that holds one.\n")
        return 2
    try:
        with running_sandbox(options.engine, pinned_python(folder)) as sandbox:
            _introduce(sandbox)
            ending = _deploy(folder, sandbox, inputs)
            if ending.code == 0:
                _say_live("try" if serve else "demo", ending)
                if serve:
                    _serve(folder, ending, sandbox)
            return ending.code
    except SandboxStopped as error:
        sys.stderr.write(f"Could not start the sandbox: {error}\n")
        return _UNAVAILABLE


def _introduce(sandbox: RunningSandbox) -> None:
    sys.stdout.write(f"The sandbox is up: a local Azure on this machine. It runs apps by: {sandbox.engine}\n")
    for note in sandbox.notes:
        sys.stdout.write(f"Left out: {note}\n")
    sys.stdout.flush()


def _deploy(folder: Path, sandbox: RunningSandbox, inputs: dict[str, str]) -> Ending:
    # `requests` reads REQUESTS_CA_BUNDLE from the process itself, so the sandbox's variables are set there.
    os.environ.update(sandbox.environ)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    name = app_name_for(folder)
    values = {**sandbox.inputs, **conventional_inputs(folder), **inputs}
    values |= {"mode": "deploy", "app-name": name, "resource-group": name}
    return run_once(values, environ, detect(environ, sys.stdout), folder)


def app_name_for(folder: Path) -> str:
    """A name that Azure takes for an app, made from a folder's: `My model` gives `my-model-try`."""
    words = re.findall("[a-z0-9]+", folder.name.lower())
    return "-".join([*words, "try"])[-_LONGEST_NAME:].strip("-")


def _verified(ending: Ending) -> Verified:
    return next(event.verified for event in ending.events if isinstance(event, AppVerified))


def _say_live(word: str, ending: Ending) -> None:
    verified = _verified(ending)
    answer = " ".join(verified.answer.split())[:_ANSWER_LENGTH]
    sys.stdout.write(f"{word}: live {verified.scoring_url} -> {answer} in {ending.seconds:.1f} s\n")
    sys.stdout.flush()


def _serve(folder: Path, ending: Ending, sandbox: RunningSandbox) -> None:
    sample = next((folder / name for name in _SAMPLES if (folder / name).exists()), Path("request.json"))
    command = [
        *("curl", "--cacert", sandbox.ca_file, "--header", "Content-Type: application/json"),
        *("--data", f"@{sample}", _verified(ending).scoring_url),
    ]
    sys.stdout.write(f"\nCall it:\n  {shlex.join(command)}\n\nStop it with Ctrl-C.\n")
    sys.stdout.flush()
    signal.pause()
