"""The doors `action`, `deploy`, `plan`, `package`, `destroy`, `plan-destroy`: where inputs come from, nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from functions_model.ci import detect
from functions_model.ci.host import CiHost, Level
from functions_model.cli.once import run_once
from functions_model.core.failures import InputsInvalid
from functions_model.inputs import from_arguments, from_environment


def from_action() -> int:
    """The container action: inputs from the CI host, paths below its workspace."""
    ci = detect(os.environ, sys.stdout)
    return _run(ci, ci.facts.workspace, lambda: from_environment(os.environ, ci.facts))


def from_command_line(command: str, arguments: Sequence[str]) -> int:
    """The command line: inputs from flags and `FUNCTIONS_MODEL_*` variables, paths below the current folder."""
    ci = detect(os.environ, sys.stdout)
    return _run(ci, Path.cwd(), lambda: from_arguments(arguments, os.environ, ci.facts, command=command))


def _run(ci: CiHost, workspace: Path, read: Callable[[], dict[str, str]]) -> int:
    try:
        values = read()
    except InputsInvalid as failure:
        for problem in failure.problems:
            ci.annotate(Level.ERROR, str(problem), problem.location)
        return failure.exit_code
    return run_once(values, os.environ, ci, workspace).code
