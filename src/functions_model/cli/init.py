"""The door `init`: a folder's first files, asked for on a terminal, guessed elsewhere."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from functions_model.ci import detect, outside
from functions_model.ci.host import CiHost
from functions_model.ci.terminal import size_of
from functions_model.cli.ending import annotated, tell_failure
from functions_model.cli.shell import command
from functions_model.core.cancel import CANCEL
from functions_model.core.failures import Failure, InputsInvalid, Problem
from functions_model.inputs.specs import TRIGGERS
from functions_model.report.pasting import apart, pasted
from functions_model.scaffold.asking import NONE, Ask, Question
from functions_model.scaffold.inputs_page import INPUTS
from functions_model.scaffold.naming import NOBODY
from functions_model.scaffold.whole import GITHUB, PIPELINES, Whole, make, write

_ANSWERS = {
    "model-path": "the model, a file or a folder",
    "entry-script": "the script with init() and run()",
    "environment-file": "the dependencies",
    "sample-request": "a file to send to the live app",
    "app-name": "the app's name, unique in all of Azure",
    "resource-group": "the resource group",
    "location": "the Azure region",
    "registry": "the container registry",
    "action": "the repository of this action and its tag, as a workflow names it",
}
_YES = frozenset({"y", "yes"})


def init(arguments: Sequence[str]) -> int:
    """Write a folder's inputs file, its workflow, and whatever of script, environment and sample it lacks.

    Returns:
        0, or the code of what keeps from it; then nothing was written.
    """
    options = _parse(arguments)
    ci, folder = detect(outside(os.environ), sys.stdout), options.folder.resolve()
    with annotated(ci):
        try:
            if not folder.is_dir():
                raise InputsInvalid(
                    "look at the folder", [Problem(f"there is no folder `{folder}`", "Check the path.")]
                )
            given = {name: value for name in (*_ANSWERS, "trigger", "ci") if (value := getattr(options, _dest(name)))}
            asks = not options.yes and ci.facts.has_terminal and sys.stdin.isatty()
            whole = make(folder, given, asker(sys.stdin) if asks else None, force=options.force, environ=os.environ)
            write(whole)
        except Failure as failure:
            tell_failure(failure, ci, folder)
            return failure.exit_code
    _tell(whole, ci)
    return _offer_to_try(options.folder) if asks else 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "functions-model init",
        allow_abbrev=False,
        description="Write inputs.yml, a workflow, and what else a first deployment needs. Existing files stay."
        " It does not run your files, and needs no network.",
    )
    parser.add_argument("folder", type=Path, help="with the model (default: this one)", nargs="?", default=Path())
    parser.add_argument("--yes", action="store_true", help="ask nothing: take every guess")
    parser.add_argument("--force", action="store_true", help="replace existing files")
    parser.add_argument("--ci", choices=(GITHUB, PIPELINES), help="where it is deployed from")
    parser.add_argument("--trigger", choices=TRIGGERS, help="what starts the function")
    for name, told in _ANSWERS.items():
        parser.add_argument(f"--{name}", metavar="VALUE", help=told)
    return parser.parse_args(list(arguments))


def _dest(name: str) -> str:
    return name.replace("-", "_")


def asker(source: TextIO) -> Ask:
    """Puts questions on the terminal, and reads the answers from a stream."""

    def ask(question: Question, wrong: str) -> str:
        _put((f"  {wrong}\n" if wrong else "") + _shown_question(question))
        answer = source.readline()
        CANCEL.check()
        if not answer:
            problem = Problem(
                "the input has ended before all was answered", "`--yes` takes every guess.", question.name
            )
            raise InputsInvalid("ask", [problem])
        return answer

    return ask


def _shown_question(question: Question) -> str:
    others = f" ({', '.join(question.others)})" if len(question.others) > 1 else ""
    none = f", {NONE} for none" if question.guess and not question.needed else ""
    guess = f" [{question.guess}{none}]" if question.guess else ("" if question.needed else " [none]")
    return f"{question.text}{others}{guess}: "


def _put(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _tell(whole: Whole, ci: CiHost) -> None:
    wrote = [f"  wrote {_shown(path)}" for path in whole.files]
    kept = [f"  kept  {_shown(path)} (`--force` replaces it)" for path in whole.kept]
    notes = [f"Note: {note}" for note in _notes(whole)]
    ci.info("\n".join(["", *wrote, *kept, *(["", *notes] if notes else []), "", *_next(whole)]))


def _notes(whole: Whole) -> list[str]:
    if not whole.action.startswith(f"{NOBODY}/"):
        return list(whole.notes)
    page = next((f" into {_shown(path)}" for path in whole.files if path.suffix == ".yml" and path.name != INPUTS), "")
    return [*whole.notes, f"Write the owner of this action's repository instead of `{NOBODY}`{page}."]


def _next(whole: Whole) -> list[str]:
    columns, there = size_of(sys.stdout).columns, whole.folder.path
    plan = command("plan", "--inputs-file", INPUTS, folder=there)
    subscription = '--subscription-id "$(az account show --query id --output tsv)"'
    return [
        "Next, look for what would fail, and try it on this machine, without Azure:",
        *command("preflight", ".", columns=columns, folder=there),
        *command("try", ".", columns=columns, folder=there),
        "",
        f"Then set up the login, once (after `az login`{' and `gh auth login`' if whole.ci == GITHUB else ''}):",
        *pasteable(whole.login, columns),
        "",
        "See what a deployment would do, and commit the files to have it done:",
        *plan[:-1],
        *pasted(apart(f"{plan[-1].strip()} {subscription}"), columns, "  "),
    ]


def pasteable(lines: Iterable[str], columns: int) -> Iterator[str]:
    """The commands at the beginning of their lines, to be pasted as one block."""
    for line in lines:
        yield from [line] if line.startswith("#") else pasted(apart(line), columns)


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _offer_to_try(folder: Path) -> int:
    _put("\nTry it now, on this machine? [y/N] ")
    answer = sys.stdin.readline()
    CANCEL.check()
    if answer.strip().lower() not in _YES:
        return 0
    from functions_model.cli.try_out import try_out  # noqa: PLC0415 - few say yes

    return try_out([str(folder)])
