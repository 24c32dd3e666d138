"""The doors `try` and `demo`: a whole deployment of a folder against the built-in sandbox, on this machine alone."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions_model.ci import detect, outside
from functions_model.ci.host import CiHost
from functions_model.ci.terminal import size_of
from functions_model.cli.app_output import AppOutput
from functions_model.cli.changes import Change, Concerns
from functions_model.cli.ending import annotated, tell_failure
from functions_model.cli.folder import INPUTS, app_name_for, check_inputs, example, inputs_of, pinned_python
from functions_model.cli.once import Ending, run_once
from functions_model.cli.sandbox import RunningSandbox, SandboxStopped, running_sandbox
from functions_model.cli.shell import command
from functions_model.cli.usage import show_usage
from functions_model.core.failures import InputsInvalid
from functions_model.core.spec import DeploymentSpec

_UNAVAILABLE = 69
"""EX_UNAVAILABLE of sysexits.h: the sandbox cannot run here."""
_ANSWER_LENGTH = 200
"""Characters of an answer that go into the demo's one line."""
_LOOK_MS = 200
"""How long one look at the folder lasts at most: the first one is waited for."""
_AZURE = {
    "registry": "contoso",
    "location": "westeurope",
    "subscription-id": "00000000-0000-0000-0000-000000000000",
}
"""What a deployment to Azure needs besides what a folder says, as `--help` has it."""
_WHERE = ("subscription-id", "tenant-id", "client-id", "registry", "cloud", "location")
"""Inputs of which only the sandbox's values lead to it. A folder's `inputs.yml` may have those for Azure."""


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
    parser.add_argument("--verbose", action="store_true", help="show on a terminal, too, all that the log of a job has")
    return parser.parse_args(list(arguments))


def _with_sandbox(options: argparse.Namespace, *, serve: bool) -> int:
    ci = detect(outside(os.environ), sys.stdout, verbose=options.verbose)
    door = _Door(options.folder.resolve(), options, ci, AppOutput(ci, verbose=options.verbose))
    try:
        given = door.inputs()
        concerns = door.checked(given)
        changes = _changes(door.folder) if serve else iter(())
        next(changes, None)  # from here on no change is missed
        door.say("Starting a local Azure on this machine ...")
        python, hear = pinned_python(door.folder, given), door.output.hear if serve else None
        with running_sandbox(options.engine, door.folder, python, hear=hear) as sandbox:
            door.say(
                f"The sandbox is up. It runs apps by: {sandbox.engine}", *(f"Note: {note}" for note in sandbox.notes)
            )
            ending = door.deploy(sandbox, given)
            if ending.code == 0:
                door.say_live("try" if serve else "demo", ending)
            if serve:
                door.serve(sandbox, changes, concerns, ending)
            elif ending.code == 0:
                door.say(*_after_a_demo(door))
            return ending.code
    except InputsInvalid as failure:
        return door.refuse(failure)
    except SandboxStopped as error:
        sys.stderr.write(f"Could not start the sandbox: {error}\n")
        return _UNAVAILABLE


def _changes(folder: Path) -> Iterator[tuple[Change, ...]]:
    """The changes below a folder since the first look, batch by batch, for ever; now and then an empty batch."""
    from watchfiles import Change as Kind  # noqa: PLC0415 - it comes with the sandbox, and only this door needs it
    from watchfiles import watch  # noqa: PLC0415

    for batch in watch(folder, debounce=400, rust_timeout=_LOOK_MS, yield_on_timeout=True):
        yield tuple(Change(Path(path), kind is Kind.added) for kind, path in batch)


@dataclass(frozen=True, slots=True)
class _Door:
    """A folder, how it is tried, and who looks on."""

    folder: Path
    options: argparse.Namespace
    ci: CiHost
    output: AppOutput

    def inputs(self) -> dict[str, str]:
        """The inputs, with a function that everybody on this machine may call, where that is a question at all."""
        given = inputs_of(self.folder)
        if given.get("trigger", "http") == "http" and hasattr(self.options, "auth_level"):
            return {**given, "auth-level": self.options.auth_level}
        return given

    def say(self, *lines: str) -> None:
        if lines:
            self.ci.info("\n".join(lines))

    def refuse(self, failure: InputsInvalid) -> int:
        with annotated(self.ci):
            tell_failure(failure, self.ci, self.folder)
        return failure.exit_code

    def deploy(self, sandbox: RunningSandbox, inputs: Mapping[str, str]) -> Ending:
        # `requests` reads REQUESTS_CA_BUNDLE from the process itself, so the sandbox's variables are set there.
        os.environ.update(sandbox.environ)
        environ = outside(os.environ)
        name = app_name_for(self.folder)
        here = {name: sandbox.inputs[name] for name in _WHERE}
        # Nobody has given a `python-version`: the base image that the sandbox offers has one.
        offered = {name: value for name, value in sandbox.inputs.items() if name != "python-version"}
        # A file in the folder that is watched would be a change, and be deployed, for ever.
        here |= {"report-directory": "", "mode": "deploy", "app-name": name, "resource-group": name}
        values = {**offered, **inputs, **here}
        # From now on that one takes the app's lines: it knows the secrets of this run.
        self.output.ci = ci = detect(environ, sys.stdout, verbose=self.options.verbose)
        return run_once(values, environ, ci, self.folder, beside=self.output.through)

    def say_live(self, word: str, ending: Ending) -> None:
        """In one line; where the log is brief, its last lines have said so."""
        if self.ci.facts.is_brief:
            return
        verified = ending.verified
        answer = " ".join(verified.answer.split())[:_ANSWER_LENGTH] if verified.scored else "(nothing was scored)"
        self.say(f"{word}: live {verified.scoring_url} -> {answer} in {ending.seconds:.1f} s")

    def checked(self, inputs: Mapping[str, str]) -> Concerns | None:
        """What of the folder matters, after its inputs were checked; None where that is not known.

        Raises:
            InputsInvalid: A run would end with these problems.
        """
        spec = check_inputs(self.folder, inputs)
        return Concerns(spec) if isinstance(spec, DeploymentSpec) else None

    def serve(
        self,
        sandbox: RunningSandbox,
        changes: Iterator[tuple[Change, ...]],
        concerns: Concerns | None,
        ending: Ending,
    ) -> None:
        """Deploy again whenever a file changes, until Ctrl-C. A failure is told, and the next change tried.

        How to call it is told once it is live for the first time.
        """
        told = self._show_usage(sandbox, ending)
        self.say("", "Watching the folder: each change is deployed at once. Stop with Ctrl-C.")
        for batch in changes:
            changed = concerns.of(batch) if concerns else tuple(sorted({change.path for change in batch}))
            if not changed:
                continue
            self.say("", f"Changed: {', '.join(str(path.relative_to(self.folder)) for path in changed)}")
            try:
                given = self.inputs()
                concerns = self.checked(given)
            except InputsInvalid as failure:
                self.refuse(failure)
                continue
            ending = self.deploy(sandbox, given)
            if ending.code == 0:
                self.say_live("try", ending)
                told = told or self._show_usage(sandbox, ending)

    def _show_usage(self, sandbox: RunningSandbox, ending: Ending) -> bool:
        if ending.code == 0:
            show_usage(ending, sandbox, self.ci)
            self.say(*_after_a_try(self, self.inputs()))
        return ending.code == 0


def _after_a_try(door: _Door, given: Mapping[str, str]) -> list[str]:
    """How to go on to Azure: what the folder says by its files' names has to be said there."""
    if not door.ci.facts.has_terminal:
        return []
    said = {name: value for name, value in given.items() if name not in _AZURE and "\n" not in value}
    written = {"inputs-file": INPUTS} if (door.folder / INPUTS).is_file() else {}
    name = app_name_for(door.folder).removesuffix("-try") or "model"
    azure = {**_AZURE, "app-name": name, "resource-group": name}
    options = {**written, **{name: value for name, value in said.items() if name != "auth-level"}, **azure}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return [
        "",
        "Next, after `az login`, with your own names (registry, app, group):",
        *command("plan", *words, columns=size_of(sys.stdout).columns, folder=door.options.folder),
    ]


def _after_a_demo(door: _Door) -> list[str]:
    """What to do next. A pipe ends with the answer, as it did: whoever reads it by a program knows what to do."""
    if not door.ci.facts.has_terminal:
        return []
    columns = size_of(sys.stdout).columns
    return [
        "",
        "Next, serve it, or a folder of yours (the sandbox has stopped):",
        *command("try", str(door.options.folder), columns=columns),
    ]
