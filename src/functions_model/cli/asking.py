"""The doors `logs` and `call`: a live app is asked. What it says goes to standard output, all else beside it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from functions_model.ci import detect
from functions_model.ci.host import CiHost
from functions_model.cli.ending import annotated, debugged, tell_bug, tell_failure
from functions_model.cli.masks import mask_inputs
from functions_model.cli.once import BUG
from functions_model.cli.reaching import reaching
from functions_model.cli.work_folder import work_folder
from functions_model.core.failures import Failure, InputsInvalid, NotLive, Problem
from functions_model.core.names import LiveTarget
from functions_model.inputs import from_arguments, read_live_target
from functions_model.pipeline.session import World
from functions_model.provision.context import discard

_LEAST_BAD = 400
"""The lowest status of HTTP that says that something is wrong."""


def logs(arguments: Sequence[str]) -> int:
    """Show what the live app has written; with `--follow`, what it writes, until Ctrl-C."""
    return _ask("logs", arguments, _show_log)


def call(arguments: Sequence[str]) -> int:
    """Send the sample, or a file, to the live app with its key, and print its answer."""
    return _ask("call", arguments, _call)


_Act = Callable[[LiveTarget, argparse.Namespace, World, Callable[[str], None]], int]


def _ask(command: str, arguments: Sequence[str], act: _Act) -> int:
    ci, own = detect(os.environ, sys.stderr, on_command_line=True), argparse.Namespace()
    with annotated(ci):
        try:
            values = from_arguments(arguments, os.environ, command=command, own=own)
            mask_inputs(values, ci)
            target = read_live_target(values, workspace=Path.cwd(), facts=ci.facts)
            with reaching(ci), work_folder() as work, debugged(ci):
                return act(target, own, World(ci, work, discard), _said_beside(ci))
        except Failure as failure:
            tell_failure(failure, ci, Path.cwd())
            return failure.exit_code
        except Exception:  # noqa: BLE001 - whatever it is, the user must see a whole story and exit code 70
            tell_bug(ci)
            return BUG


def _said_beside(ci: CiHost) -> Callable[[str], None]:
    """Writes to standard output what an app says, without what `ci` masks; in a job, nothing of it is a command.

    On a terminal it is not folded either: it is the app's, and may be copied.
    """
    out = detect({**os.environ, "TERM": "dumb"}, sys.stdout, on_command_line=True)
    return lambda text: out.info(ci.scrub(text))


def _show_log(target: LiveTarget, own: argparse.Namespace, world: World, say: Callable[[str], None]) -> int:
    from functions_model.pipeline.asking import log_lines, reach  # noqa: PLC0415 - as `--help` must not wait for it

    with reach(target, world) as endpoint:
        for line in log_lines(endpoint, own.lines, follow=own.follow):
            say(line)
    return 0


def _call(target: LiveTarget, own: argparse.Namespace, world: World, say: Callable[[str], None]) -> int:
    from functions_model.pipeline.asking import reach  # noqa: PLC0415 - as above
    from functions_model.verify.asking import ask  # noqa: PLC0415 - as above
    from functions_model.verify.scoring import content_type  # noqa: PLC0415 - as above

    file = _file(own.file, target)
    with reach(target, world) as endpoint:
        answer = ask(endpoint, file.read_bytes(), content_type(file), mask=world.ci.mask)
    if answer.trigger != "http":
        world.ci.info(
            f"`{target.names.app}` has the trigger `{answer.trigger}`: its function `check` has scored the file, and"
            " nothing went through the trigger."
        )
    say(answer.text)
    if answer.raised:
        world.ci.info(answer.raised)
    world.ci.info(f"Status {answer.status}, {answer.seconds:.2f} s, {file.name} to {answer.route}.")
    return 0 if answer.status < _LEAST_BAD else NotLive.exit_code


def _file(given: str | None, target: LiveTarget) -> Path:
    file = Path(given) if given else target.sample
    if file is None:
        what = "there is neither a file to send nor a `sample-request`"
        raise InputsInvalid("call the app", [Problem(what, "Name a file: `functions-model call request.json`.")])
    if not file.is_file() and not file.is_fifo():
        what = f"there is no file `{file}`"
        raise InputsInvalid("call the app", [Problem(what, "Check the name, relative to this folder.")])
    return file
