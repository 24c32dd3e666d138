"""Where the values come from: environment variables. Arguments are in `arguments`."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from functions_model.ci import SUMMARY_FILE
from functions_model.core.failures import InputsInvalid, Problem
from functions_model.inputs.catalogue import BY_NAME, CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.ci.host import Facts

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


def from_environment(environ: Mapping[str, str], facts: Facts | None = None) -> dict[str, str]:
    """The inputs that the CI host and the environment give.

    A host may pass every declared input and leave those that are not given empty, so an empty value means "not given".
    The host's inputs win over `FUNCTIONS_MODEL_...`, and both win over `SOURCE_DATE_EPOCH`, which build tools share
    (https://reproducible-builds.org/specs/source-date-epoch/).

    Args:
        environ: The process environment.
        facts: Hold the inputs of the CI host; None: there are none.

    Raises:
        InputsInvalid: What the host gives, or a variable with our prefix, names no input.
    """
    values = {EPOCH: environ["SOURCE_DATE_EPOCH"]} if environ.get("SOURCE_DATE_EPOCH", "").strip() else {}
    given = [
        (variable, variable.removeprefix(OWN_PREFIX).lower().replace("_", "-"), text)
        for variable, text in environ.items()
        if variable.startswith(OWN_PREFIX) and variable not in NOT_INPUTS
    ]
    if facts:
        given += [(facts.variable.format(name.upper()), name, text) for name, text in facts.inputs.items()]
    problems: list[Problem] = []
    for variable, name, value in given:
        if name not in BY_NAME:
            problems.append(_unknown(variable, name))
        elif value.strip():
            values[name] = value
    if problems:
        raise InputsInvalid("read the inputs", problems)
    return values


def _unknown(variable: str, name: str) -> Problem:
    what = f"there is no such input (the environment variable `{variable}` names it)"
    return Problem(what, did_you_mean(name), name)


def did_you_mean(name: str) -> str:
    """The nearest input's name as a remedy, or all names when none is near."""
    near = difflib.get_close_matches(name.lower().replace("_", "-"), BY_NAME, n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"The inputs are: {', '.join(f'`{spec.name}`' for spec in CATALOGUE)}."
