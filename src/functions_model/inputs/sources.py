"""Where the values come from: environment variables. Arguments are in `arguments`."""

from __future__ import annotations

import difflib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from functions_model.ci import SUMMARY_FILE
from functions_model.core.failures import InputsInvalid, Problem
from functions_model.inputs.catalogue import BY_NAME, CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTION_PREFIX = "INPUT_"
"""GitHub passes each input as `INPUT_` and its name in upper case; hyphens stay."""
OWN_PREFIX = "FUNCTIONS_MODEL_"
LISTENING = "FUNCTIONS_MODEL_LISTENING_SECONDS"
"""How long a trigger's listener is listened to. A sandbox sets it, whose listeners fail faster than those of Azure."""
EPOCH = "source-date-epoch"
NOT_INPUTS = frozenset(
    {"FUNCTIONS_MODEL_BUILD_ID", "FUNCTIONS_MODEL_MODELS", "FUNCTIONS_MODEL_TOOL_VERSION", LISTENING, SUMMARY_FILE}
)
"""Variables with our prefix that are no inputs: an image's own, a console's, and the sandbox's."""


def listening_seconds(environ: Mapping[str, str]) -> float | None:
    """How long a trigger's listener is listened to; None: as long as it needs on Azure.

    Raises:
        InputsInvalid: It is no number.
    """
    text = environ.get(LISTENING, "")
    try:
        return float(text) if text else None
    except ValueError:
        problem = Problem(f"the variable `{LISTENING}` is not a number of seconds", "Take it away.", LISTENING)
        raise InputsInvalid("read the inputs", [problem]) from None


def own_variable(name: str) -> str:
    """`client-secret` -> `FUNCTIONS_MODEL_CLIENT_SECRET`."""
    return OWN_PREFIX + name.upper().replace("-", "_")


def from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs that the environment gives.

    GitHub passes every declared input and leaves those that are not given empty, so an empty value means "not given".
    `INPUT_...` wins over `FUNCTIONS_MODEL_...`, and both win over `SOURCE_DATE_EPOCH`, which build tools share
    (https://reproducible-builds.org/specs/source-date-epoch/).

    Raises:
        InputsInvalid: A variable with one of the two prefixes names no input.
    """
    values = {EPOCH: environ["SOURCE_DATE_EPOCH"]} if environ.get("SOURCE_DATE_EPOCH", "").strip() else {}
    problems: list[Problem] = []
    for variable, value in sorted(environ.items(), key=lambda item: item[0].startswith(ACTION_PREFIX)):
        name = _input_name(variable)
        if name is None:
            continue
        if name not in BY_NAME:
            problems.append(_unknown(variable, name))
        elif value.strip():
            values[name] = value
    if problems:
        raise InputsInvalid("read the inputs", problems)
    return values


def _input_name(variable: str) -> str | None:
    if variable in NOT_INPUTS:
        return None
    if variable.startswith(ACTION_PREFIX):
        return variable.removeprefix(ACTION_PREFIX).lower()
    if variable.startswith(OWN_PREFIX):
        return variable.removeprefix(OWN_PREFIX).lower().replace("_", "-")
    return None


def _unknown(variable: str, name: str) -> Problem:
    what = f"there is no such input (the environment variable `{variable}` names it)"
    return Problem(what, did_you_mean(name), name)


def did_you_mean(name: str) -> str:
    """The nearest input's name as a remedy, or all names when none is near."""
    near = difflib.get_close_matches(name.lower().replace("_", "-"), BY_NAME, n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"The inputs are: {', '.join(f'`{spec.name}`' for spec in CATALOGUE)}."


def host_workspace(environ: Mapping[str, str]) -> str | None:
    """The workspace's path on the runner itself, as a step outside of our container writes it; None when unknown.

    In a container action `GITHUB_WORKSPACE` is `/github/workspace`, while a path that another step computed starts with
    the runner's own folder, `$RUNNER_WORKSPACE/<repository>`.
    """
    folder = environ.get("RUNNER_WORKSPACE", "")
    repository = environ.get("GITHUB_REPOSITORY", "").rpartition("/")[2]
    if not folder or not repository:
        return None
    return str(PurePosixPath(folder) / repository)
