"""The doors.

`main` is the entry point of the `functions-model` command and of the container action. Start-up stays cheap: a door
imports what it needs when it is opened.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from functions_model.cli.signals import await_the_end, watched
from functions_model.cli.streams import guard, open_missing
from functions_model.core.cancel import CANCEL

_FEW_COLLECTIONS = (100_000, 50, 50)
"""A run makes many nouns, keeps them to its end, and hardly any circles. Looking for circles among the 100,000 files of
a model as often as Python does by default took a fifth of the time."""
_TURN = 0.0005
"""Seconds for which a thread that computes keeps the interpreter when others wait. Those that send need it for a moment
only, several times a block; with Python's own 5 ms, a registry idled while packages were looked through."""

USAGE = """\
usage: functions-model <command> [options]

From a trained model in a repository to a live, verified Azure Function.

Begin, without an Azure account:
  init          write inputs file, workflow and what else a folder with a model lacks; ask for the rest

Try it on this machine, without an Azure account:
  demo          deploy examples/iris-http to the built-in sandbox, and print an answer of the live function
  try           deploy your own folder to the built-in sandbox, and serve it until Ctrl-C
  preflight     print what would fail in Azure in your folder, as a linter does

Deploy to Azure:
  doctor        say what is missing here and in Azure, with the command that fixes each; write nothing
  plan          show what `deploy` would do; write nothing
  deploy        build the image, push it, create what is missing, and verify that the app answers
  package       build the image and push it; touch nothing else

Ask the live app, or a slot of it:
  logs          show what it has written
  call          send it a request with its key, and print the answer

Remove it:
  plan-destroy  show what `destroy` would remove; write nothing
  destroy       remove the resources that `deploy` has created, or one slot alone

`functions-model <command> --help` shows a command's options and an example.
`functions-model --version` prints the version. (`action` is used by the GitHub action, not by hand.)
"""
_RUNS = ("deploy", "plan", "package", "destroy", "plan-destroy")
_COMMANDS = ("init", "demo", "try", "preflight", "doctor", *_RUNS, "logs", "call")
_HELP = ("-h", "--help", "help")
_SAYS = ("preflight", "doctor", "plan", "plan-destroy", "logs", "call", "--version", *_HELP)
"""What they say is all that they do."""
_UNSAID = 74
"""EX_IOERR of sysexits.h: it could not be said."""


def program() -> NoReturn:
    """The process: a signal ends it. Its end waits for no thread, and frees nothing that the system frees anyway."""
    code = 70
    open_missing()
    with watched() as reader_gone:
        output = guard(reader_gone)
        try:
            code = main()
        except SystemExit as leaving:  # of a parser of arguments
            code = int(leaving.code or 0)
        except BaseException:
            CANCEL.check()
            raise
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        if output.is_gone:
            await_the_end()
        lost = output.error is not None and code == 0 and sys.argv[1:2] and sys.argv[1] in _SAYS
        os._exit(_UNSAID if lost else code)


def main(argv: Sequence[str] | None = None) -> int:
    """Open the door that the first argument names.

    Args:
        argv: The arguments without the program's name; None takes those of the process. Without any, a container
            action runs.

    Returns:
        The exit code, see `functions_model.core.failures`.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    gc.set_threshold(*_FEW_COLLECTIONS)
    sys.setswitchinterval(_TURN)
    if not arguments:
        from functions_model.ci import in_a_job

        arguments = ["action"] if in_a_job(os.environ) else []
    command, *rest = arguments or ["--help"]
    if command in _HELP and rest and rest[0] in _COMMANDS:
        command, rest = rest[0], ["--help"]
    if rest == ["help"]:
        rest = ["--help"]
    if command in _HELP:
        sys.stdout.write(USAGE)
        return 0
    if command == "--version":
        from functions_model import __version__

        sys.stdout.write(f"functions-model {__version__}\n")
        return 0
    return _open(command, rest)


def _open(command: str, rest: Sequence[str]) -> int:
    """Open a door to which the folder matters that it is called in."""
    if not _is_somewhere():
        sys.stderr.write("functions-model: the folder that it is called in is gone. Change into one that exists.\n")
        return 2
    if command in {"action", "step", *_RUNS}:
        from functions_model.cli.once import from_action, from_command_line, from_step

        doors = {"action": from_action, "step": from_step}
        return doors[command]() if command in doors else from_command_line(command, rest)
    if command in {"logs", "call"}:
        from functions_model.cli.asking import call, logs

        return logs(rest) if command == "logs" else call(rest)
    if command == "doctor":
        from functions_model.cli.doctor import doctor

        return doctor(rest)
    if command in {"try", "demo"}:
        from functions_model.cli.try_out import demo, try_out

        return demo(rest) if command == "demo" else try_out(rest)
    return _beside(command, rest)


def _is_somewhere() -> bool:
    try:
        return bool(Path.cwd())
    except OSError:
        return False


def _beside(command: str, rest: Sequence[str]) -> int:
    """Open a door to the files of a folder alone."""
    if command == "preflight":
        from functions_model.cli.preflight import preflight

        return preflight(rest)
    if command == "init":
        from functions_model.cli.init import init

        return init(rest)
    return _no_such(command, rest)


def _no_such(command: str, rest: Sequence[str]) -> int:
    """Say what was meant. Of an option only the name is repeated: its value may be a secret."""
    from functions_model.core.near import any_of, near

    if command.startswith("-"):
        option = f"`{command.partition('=')[0]}`" if command.startswith("--") else "an option"
        named = next((word for word in rest if word in _COMMANDS), "deploy")
        said = f"{option} stands before the command. Write the command first: `functions-model {named} --app-name ...`."
    else:
        found = near(command, _COMMANDS)
        said = f"there is no command `{command}`." + (f" Did you mean {any_of(found)}?" if found else "")
    sys.stderr.write(f"functions-model: {said}\n\n{USAGE}")
    return 2
