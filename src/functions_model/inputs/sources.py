"""The inputs that the environment gives, and the name that was meant where there is no such input."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from functions_model.ci import OUTPUT_FILE, SUMMARY_FILE
from functions_model.ci.host import Facts
from functions_model.core.failures import InputsInvalid, Problem
from functions_model.core.near import any_of, near
from functions_model.inputs.catalogue import BY_NAME, CATALOGUE

OWN_PREFIX = "FUNCTIONS_MODEL_"
LISTENING = "FUNCTIONS_MODEL_LISTENING_SECONDS"
"""How long a trigger's listener is listened to. A sandbox sets it, whose listeners fail faster than those of Azure."""
COMPILERS = "FUNCTIONS_MODEL_COMPILERS"
"""Versions of Python whose byte code images get, instead of those that stand in the product. For tests of it."""
EPOCH = "source-date-epoch"
NOT_INPUTS = frozenset(
    {
        "FUNCTIONS_MODEL_BUILD_ID",
        "FUNCTIONS_MODEL_MODELS",
        "FUNCTIONS_MODEL_TOOL_VERSION",
        COMPILERS,
        LISTENING,
        OUTPUT_FILE,
        SUMMARY_FILE,
    }
)
"""Variables with our prefix that are no inputs: an image's own, a console's, the sandbox's, and that of tests."""


def listening_seconds(environ: Mapping[str, str]) -> float | None:
    """How long a trigger's listener is listened to; None: as long as it needs on Azure.

    Raises:
        InputsInvalid: It is no number.
    """
    text = environ.get(LISTENING, "")
    try:
        return float(text) if text else None
    except ValueError:
        problem = Problem(f"the variable `{LISTENING}` is not a number of seconds", "Unset it.", LISTENING)
        raise InputsInvalid("read the inputs", [problem]) from None


def compilers(environ: Mapping[str, str]) -> dict[str, str] | None:
    """By minor, the exact versions of Python whose byte code images get; None: those that stand in the product."""
    versions = environ.get(COMPILERS)
    return None if versions is None else {one.rpartition(".")[0]: one for one in versions.split()}


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
        InputsInvalid: A variable with our prefix names no input.
    """
    values = {EPOCH: environ["SOURCE_DATE_EPOCH"]} if environ.get("SOURCE_DATE_EPOCH", "").strip() else {}
    own = {
        variable: variable.removeprefix(OWN_PREFIX).lower().replace("_", "-")
        for variable in environ
        if variable.startswith(OWN_PREFIX) and variable not in NOT_INPUTS
    }
    problems = [
        Problem(f"there is no such input (the environment variable `{variable}` names it)", did_you_mean(name), name)
        for variable, name in own.items()
        if name not in BY_NAME
    ]
    if problems:
        raise InputsInvalid("read the inputs", problems)
    values |= {name: environ[variable] for variable, name in own.items() if environ[variable].strip()}
    hosts = facts.inputs.items() if facts else ()
    return values | {name: text for name, text in hosts if name in BY_NAME and text.strip()}


def misspelt(facts: Facts) -> tuple[str, ...]:
    """Notes about variables of the CI host that name no input and may be meant for one; whole sentences.

    They are no reason to stop: a job has variables of its own that look like inputs, and the runner hands a job's
    variables to each of its steps.
    """
    unknown = ((name, _spelt(name)) for name, text in facts.inputs.items() if name not in BY_NAME and text.strip())
    return tuple(
        f"The variable `{facts.variable.format(name.upper())}` names no input. Did you mean `{meant}`?"
        for name, meant in unknown
        if meant
    )


def _spelt(name: str) -> str:
    """The input that is spelt like a name; empty where none is. A part of a name means nothing in a job's variable."""
    return next(iter(difflib.get_close_matches(name.lower().replace("_", "-"), BY_NAME, n=1, cutoff=0.6)), "")


def did_you_mean(name: str) -> str:
    """The names that may be meant as a remedy, or all names when none is near."""
    if found := near(name, BY_NAME):
        return f"Did you mean {any_of(found)}?"
    return f"The inputs are: {', '.join(f'`{spec.name}`' for spec in CATALOGUE)}."
