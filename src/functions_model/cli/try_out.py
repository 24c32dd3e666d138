"""The doors `try` and `demo`: a whole deployment of a folder against the built-in sandbox, on this machine alone."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from functions_model.ci import detect, outside
from functions_model.cli.ending import annotated, tell_failure
from functions_model.cli.folder import app_name_for, check_inputs, inputs_of, pinned_python
from functions_model.cli.once import Ending, run_once
from functions_model.cli.sandbox import RunningSandbox, SandboxStopped, running_sandbox
from functions_model.cli.usage import show_usage
from functions_model.core.failures import InputsInvalid

_UNAVAILABLE = 69
"""EX_UNAVAILABLE of sysexits.h: the sandbox cannot run here."""
_ANSWER_LENGTH = 200
"""Characters of an answer that go into the demo's one line."""
_WHERE = ("subscription-id", "tenant-id", "client-id", "registry", "cloud", "location")
"""Inputs of which only the sandbox's values lead to it. A folder's `inputs.yml` may have those for Azure."""


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
        help="how the sandbox runs the app: in Docker, or as a process; auto uses Docker if it is running",
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
        given = _opened(inputs_of(folder), options)
        check_inputs(folder, given)
        _say("Starting a local Azure on this machine ...")
        with running_sandbox(options.engine, pinned_python(folder, given)) as sandbox:
            _say(
                f"The sandbox is up. It runs apps by: {sandbox.engine}",
                *(f"Note: {note}" for note in sandbox.notes),
            )
            ending = _deploy(folder, sandbox, given)
            if ending.code == 0:
                _say_live("try" if serve else "demo", ending)
                if serve:
                    show_usage(ending, sandbox)
                    _serve(folder, options, sandbox)
            return ending.code
    except InputsInvalid as failure:
        return _refused(failure, folder)
    except SandboxStopped as error:
        sys.stderr.write(f"Could not start the sandbox: {error}\n")
        return _UNAVAILABLE


def _refused(failure: InputsInvalid, folder: Path) -> int:
    ci = detect(outside(os.environ), sys.stdout)
    with annotated(ci):
        tell_failure(failure, ci, folder)
    return failure.exit_code


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
    here = {name: sandbox.inputs[name] for name in _WHERE}
    # A file in the folder that is watched would be a change, and be deployed, for ever.
    here |= {"report-directory": "", "mode": "deploy", "app-name": name, "resource-group": name}
    values = {**sandbox.inputs, **inputs, **here}
    return run_once(values, environ, detect(environ, sys.stdout), folder)


def _say_live(word: str, ending: Ending) -> None:
    verified = ending.verified
    answer = " ".join(verified.answer.split())[:_ANSWER_LENGTH] if verified.scored else "(nothing was scored)"
    _say(f"{word}: live {verified.scoring_url} -> {answer} in {ending.seconds:.1f} s")


def _serve(folder: Path, options: argparse.Namespace, sandbox: RunningSandbox) -> None:
    """Deploy again whenever a file changes, until Ctrl-C. A failure is told, and the next change tried."""
    from watchfiles import watch  # noqa: PLC0415 - it comes with the sandbox, and only this door needs it

    _say("", "Watching the folder: each change is deployed at once. Stop with Ctrl-C.")
    for changes in watch(folder, debounce=400):
        names = sorted({str(Path(path).relative_to(folder)) for _, path in changes})
        _say("", f"Changed: {', '.join(names)}")
        try:
            ending = _deploy(folder, sandbox, _opened(inputs_of(folder), options))
        except InputsInvalid as failure:
            _refused(failure, folder)
            continue
        if ending.code == 0:
            _say_live("try", ending)
