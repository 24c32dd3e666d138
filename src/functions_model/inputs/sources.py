"""Where the values come from: environment variables, and the command line, which is made from the catalogue."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from functions_model.ci import SUMMARY_FILE
from functions_model.ci.host import Facts
from functions_model.core.failures import InputsInvalid, Problem
from functions_model.inputs.catalogue import BY_NAME, CATALOGUE
from functions_model.inputs.specs import REMOVING, InputKind, InputSpec

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
    unknown = ((name, _nearest(name)) for name, text in facts.inputs.items() if name not in BY_NAME and text.strip())
    return tuple(
        f"The variable `{facts.variable.format(name.upper())}` names no input. Did you mean `{near}`?"
        for name, near in unknown
        if near
    )


def did_you_mean(name: str) -> str:
    """The nearest input's name as a remedy, or all names when none is near."""
    if near := _nearest(name):
        return f"Did you mean `{near}`?"
    return f"The inputs are: {', '.join(f'`{spec.name}`' for spec in CATALOGUE)}."


def _nearest(name: str) -> str:
    """Empty where none is near."""
    return next(iter(difflib.get_close_matches(name.lower().replace("_", "-"), BY_NAME, n=1, cutoff=0.6)), "")


_ACTION = "read the command line"
_OPTION = re.compile(r"--[a-z]+(?:[-_][a-z]+)*(?:=|$)")


class _Parser(argparse.ArgumentParser):
    """A parser that fails as the rest of the product does."""

    def error(self, message: str) -> NoReturn:
        """Without what the message repeats of the arguments, which may be a secret."""
        raise InputsInvalid(_ACTION, [Problem(message.partition(" explicit argument")[0], "See `--help`.")])


def arguments_parser(command: str | None = None) -> argparse.ArgumentParser:
    """A parser with one option for each input that is no secret; the secrets are named in its help.

    A removal takes them all, so that it can be given what a deployment was, and its help shows those that it reads.

    Args:
        command: The command that the options follow (`deploy`), which says the mode; None adds `--mode`.
    """
    prog = f"functions-model {command}" if command else "functions-model"
    variables = ", ".join(own_variable(spec.name) for spec in CATALOGUE if spec.secret)
    note = f"Secrets are not taken on the command line. They come from the environment: {variables}."
    parser = _Parser(prog=prog, epilog=note, allow_abbrev=False)
    group = parser.add_argument_group("inputs", "Each may also come from FUNCTIONS_MODEL_<NAME>, in upper case.")
    for spec in CATALOGUE:
        if not spec.secret and not (command and spec.name == "mode"):
            shown = command not in REMOVING or command in spec.modes
            text = _help_line(spec).replace("%", "%%") if shown else argparse.SUPPRESS
            group.add_argument(f"--{spec.name}", action="append", metavar=_metavar(spec), help=text)
    return parser


def from_arguments(
    argv: Sequence[str], environ: Mapping[str, str] | None = None, *, command: str = ""
) -> dict[str, str]:
    """The inputs that the command line gives, over those of the environment. Those of a CI host are for its action.

    Options whose input has lines may be repeated; each adds some. `--help` prints the help and leaves with SystemExit.

    Args:
        argv: Without the program's name and the command: `["--app-name", "churn"]`.
        environ: Where inputs that the command line lacks come from (`sources.from_environment`); None means nowhere.
        command: `deploy`, `plan` or `package`: the mode. An empty one leaves it to `--mode`.

    Raises:
        InputsInvalid: An unknown option, an option without a value, an empty value, an option given twice, a secret,
            or an unknown name among the environment's inputs.
    """
    refused = _secret_problems(argv)
    if refused:
        raise InputsInvalid(_ACTION, refused)
    known, rest = arguments_parser(command).parse_known_args(list(argv))
    given = {name.replace("_", "-"): values for name, values in vars(known).items() if values}
    problems = _unknown(rest, argv)
    for name, values in given.items():
        problems += _value_problems(BY_NAME[name], values)
    if problems:
        raise InputsInvalid(_ACTION, problems)
    mode = {"mode": command} if command else {}
    below = from_environment(environ or {})
    return below | {name: "\n".join(values) for name, values in given.items()} | mode


def _secret_problems(argv: Sequence[str]) -> list[Problem]:
    """A secret as an argument is in the shell's history and in the list of processes. Its value is not repeated."""
    words = {word.partition("=")[0].replace("_", "-") for word in argv}
    return [_not_here(spec) for spec in CATALOGUE if spec.secret and f"--{spec.name}" in words]


def _not_here(spec: InputSpec) -> Problem:
    what = f"`--{spec.name}` is not taken on the command line, where other users can read it"
    return Problem(what, f"Set the environment variable `{own_variable(spec.name)}`.", spec.name)


def _unknown(rest: Sequence[str], argv: Sequence[str]) -> list[Problem]:
    """What belongs to no option. Only options' names are repeated: a word may be a secret whose option was mistyped."""
    options = [word.partition("=")[0] for word in rest if _OPTION.match(word)]
    others = [word for word in rest if not _OPTION.match(word)]
    problems = [_unknown_option(option) for option in options]
    if others and not options:
        what = f"the word {1 + list(argv).index(others[0])} belongs to no option"
        problems.append(Problem(what, "Write `--name value`; quote values that hold spaces."))
    return problems


def _unknown_option(option: str) -> Problem:
    near = difflib.get_close_matches(option.lstrip("-"), BY_NAME, n=1, cutoff=0.6)
    if near and BY_NAME[near[0]].secret:
        return _not_here(BY_NAME[near[0]])
    return Problem(f"there is no option `{option}`", did_you_mean(option.lstrip("-")) if near else "See `--help`.")


def _value_problems(spec: InputSpec, values: list[str]) -> list[Problem]:
    problems = []
    if len(values) > 1 and spec.kind is not InputKind.LINES:
        problems.append(Problem("it is given more than once", "Give it once.", spec.name))
    if not all(value.strip() for value in values):
        problems.append(Problem("it is given but empty", "Give a value, or leave the option out.", spec.name))
    return problems


def _metavar(spec: InputSpec) -> str:
    if spec.choices:
        return "{" + ",".join(spec.choices) + "}"
    return spec.kind.value.replace(" ", "-").upper()


def _help_line(spec: InputSpec) -> str:
    if spec.required:
        return f"{spec.help} [required]"
    default = spec.default or spec.derived
    return f"{spec.help} [default: {default}]" if default else spec.help
