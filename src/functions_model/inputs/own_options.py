"""Options of one command alone, on the command line: they are no inputs, and the action has none of them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from functions_model.core.names import CANDIDATE
from functions_model.core.spec import Mode
from functions_model.inputs.specs import EVERY_MODE

_WHERE = (
    *("inputs-file", "subscription-id", "resource-group", "app-name", f"{CANDIDATE}-name"),
    *("tenant-id", "client-id", "login", "audience", "cloud"),
)
ASKING: Mapping[str, frozenset[str]] = {
    "logs": frozenset(_WHERE),
    "call": frozenset((*_WHERE, "sample-request", "working-directory")),
}
"""The commands that ask a live app, and write nothing, with the inputs that they read; others may be given."""
DOCTOR = "doctor"
"""The command that asks whether a deployment would go through, and reads the inputs of one; none need be given."""
LINES = 100
"""Lines of a log that are shown if nobody says how many."""
_VERBOSE: Mapping[str, Mapping[str, Any]] = {
    "--verbose": {"action": "store_true", "help": "Show on a terminal, too, all that the log of a job has."},
}
_OPTIONS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    **dict.fromkeys(EVERY_MODE, _VERBOSE),
    "logs": {
        "--lines": {
            "type": int,
            "default": LINES,
            "metavar": "N",
            "help": "How many lines to show. Default: %(default)s.",
        },
        "--follow": {"action": "store_true", "help": "Keep showing new lines, until Ctrl-C."},
    },
    Mode.DESTROY: {
        **_VERBOSE,
        "--yes": {"action": "store_true", "help": "Remove without a question, on a terminal too."},
    },
    DOCTOR: {
        "--short-ids": {
            "action": "store_true",
            "help": "Show eight digits of each id: for an issue, as the commands need the whole ids.",
        },
    },
    "call": {
        "file": {"nargs": "?", "metavar": "FILE", "help": "The file to send. Default: that of `sample-request`."},
    },
}


def add_own_options(parser: argparse.ArgumentParser, command: str) -> None:
    """Add those of a command to a parser; most commands have none."""
    for name, how in _OPTIONS.get(command, {}).items():
        parser.add_argument(name, **how)


def take_own_options(command: str, known: argparse.Namespace) -> dict[str, Any]:
    """Take those of a command out of what a parser has found."""
    return {name: vars(known).pop(name) for name in map(_dest, _OPTIONS.get(command, {}))}


def _dest(option: str) -> str:
    return option.lstrip("-").replace("-", "_")
