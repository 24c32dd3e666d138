"""The doors `try` and `demo`: a whole deployment of a folder against the built-in sandbox, on this machine alone."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from functions_model.ci import detect, outside
from functions_model.ci.host import CiHost
from functions_model.ci.terminal import size_of
from functions_model.cli.app_output import AppOutput
from functions_model.cli.door import Door
from functions_model.cli.folder import INPUTS, app_name_for, example, inputs_file_of, pinned_python
from functions_model.cli.once import Ending
from functions_model.cli.reaching import reaching
from functions_model.cli.sandbox import RunningSandbox, SandboxStopped, running_sandbox
from functions_model.cli.serving import Serving, changes_below
from functions_model.cli.shell import command, program
from functions_model.cli.try_page import Board, Sender, Showing, State, TryPage, open_page, serving_page
from functions_model.cli.usage import show_usage
from functions_model.core.failures import Failure
from functions_model.scaffold.naming import action_of

_UNAVAILABLE = 69
"""EX_UNAVAILABLE of sysexits.h: the sandbox cannot run here."""
_AZURE = {
    "registry": "contoso",
    "location": "westeurope",
    "subscription-id": "00000000-0000-0000-0000-000000000000",
}
"""What a deployment to Azure needs besides what a folder says, as `--help` has it."""


def demo(arguments: Sequence[str]) -> int:
    """Deploy an example, have the live function score its sample request, and say so in one line."""
    options = _parse("demo", arguments, {"nargs": "?", "default": example()})
    return _with_sandbox(options, serve=False)


def try_out(arguments: Sequence[str]) -> int:
    """Deploy a folder, print how to use it, and serve it until Ctrl-C, each change of a file deployed anew."""
    return _with_sandbox(_parse("try", arguments, {}), serve=True)


def _parse(command: str, arguments: Sequence[str], how: dict[str, Any]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(f"functions-model {command}", allow_abbrev=False)
    held = "with score.py, conda.yml, model/, sample-request.json, and inputs.yml for any other input"
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
        parser.add_argument("--no-browser", action="store_true", help="open no browser; the page's address is printed")
    parser.add_argument("--verbose", action="store_true", help="show on a terminal, too, all that the log of a job has")
    return parser.parse_args(list(arguments))


def _with_sandbox(options: argparse.Namespace, *, serve: bool) -> int:
    board = Board(State(app_name_for(options.folder.resolve())))
    noting: Callable[[CiHost], CiHost] = board.noting if serve else lambda ci: ci
    ci = noting(detect(outside(os.environ), sys.stdout, verbose=options.verbose))
    door = Door(options.folder.resolve(), options, ci, AppOutput(ci, verbose=options.verbose), noting)
    try:
        given = door.inputs()
        spec = door.checked(given)
        changes = changes_below(door.folder) if serve else iter(())
        next(changes, None)  # from here on no change is missed
        door.say("Starting a local Azure on this machine ...")
        python, hear = pinned_python(spec), door.output.hear if serve else None
        with reaching(ci), running_sandbox(options.engine, door.folder, python, hear=hear) as sandbox:
            notes = (f"Note: {note}" for note in sandbox.notes)
            door.say(f"The sandbox is up. It runs apps by: {sandbox.engine}", *notes)
            if not serve:
                return _demonstrated(door, door.deploy(sandbox, given))
            showing = Showing(door, board, Sender(door, sandbox))
            with serving_page(TryPage(board, showing.sender, showing.sample)) as address:
                _tell_address(door, address)
                serving = Serving(door, sandbox, partial(_tell_usage, door, sandbox), showing)
                ending = serving.deploy(given, spec)
                serving.go_on(changes, spec)
                return ending.code
    except Failure as failure:
        return door.refuse(failure)
    except SandboxStopped as error:
        sys.stderr.write(f"Could not start the sandbox: {error}\n")
        return _UNAVAILABLE


def _tell_address(door: Door, address: str) -> None:
    """Say where the page is, and open it where somebody sits before a browser."""
    opened = not door.options.no_browser and open_page(address, door.ci.facts, os.environ)
    door.say(f"Try it in {'your' if opened else 'a'} browser: {address}")


def _demonstrated(door: Door, ending: Ending) -> int:
    if ending.code == 0:
        if not door.ci.facts.is_brief:  # there, its last lines have said so
            door.say_live("demo", ending.verified, ending.seconds)
        door.say(*_after_a_demo(door))
    return ending.code


def _tell_usage(door: Door, sandbox: RunningSandbox, ending: Ending, given: Mapping[str, str]) -> None:
    show_usage(ending, sandbox, door.ci)
    door.say(*_after_a_try(door, given))


def _after_a_try(door: Door, given: Mapping[str, str]) -> list[str]:
    """How to go on to Azure: what the folder says by its files' names has to be said there."""
    if not door.ci.facts.has_terminal:
        return []
    said = {name: value for name, value in given.items() if name not in _AZURE and "\n" not in value}
    file = inputs_file_of(door.folder)
    name = app_name_for(door.folder).removesuffix("-try") or "model"
    azure = {**_AZURE, "app-name": name, "resource-group": name}
    wanted = {**{name: value for name, value in said.items() if name != "auth-level"}, **azure}
    options = {name: value for name, value in wanted.items() if name not in file}
    written = ["--inputs-file", INPUTS] if file else []
    words = [*written, *(word for name, value in options.items() for word in (f"--{name}", value))]
    return [
        "",
        "Next, after `az login`, with your own names and ids:",
        *command("plan", *words, columns=size_of(sys.stdout).columns, folder=door.options.folder),
    ]


def _after_a_demo(door: Door) -> list[str]:
    """What to do next, in a log, too: with one's own model. The program is found by its path, wherever that is."""
    columns = size_of(sys.stdout).columns if door.ci.facts.has_terminal else None
    serve = command("try", str(door.options.folder), columns=columns)
    return [
        "",
        "Next: deploy your own model. In its folder, write what it needs, and see what is missing:",
        f"  {program(anywhere=True)} init",
        f"  {program(anywhere=True)} doctor",
        f"The tutorial goes on from there: {first_page()}",
        "To serve this example (the sandbox has stopped):",
        *serve,
    ]


def first_page() -> str:
    """The tutorial: in the clone that this program belongs to, by a short path inside it; else in its repository."""
    page = Path("docs") / "tutorials" / "first-model.md"
    clone = Path(__file__).parents[3]
    if (clone / page).is_file():
        return str(page if Path.cwd() == clone else clone / page)
    return f"https://github.com/{action_of().partition('@')[0]}/blob/main/{page}"
