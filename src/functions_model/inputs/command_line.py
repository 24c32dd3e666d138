"""The inputs that the command line gives. Its options, and its help, are made from the catalogue."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Container, Mapping, Sequence
from typing import NoReturn

from functions_model.core.failures import InputsInvalid, Problem
from functions_model.core.names import CANDIDATE
from functions_model.core.near import any_of, near
from functions_model.core.spec import Mode
from functions_model.inputs.catalogue import BY_NAME, CATALOGUE
from functions_model.inputs.own_options import ASKING, DOCTOR, add_own_options, take_own_options
from functions_model.inputs.sources import from_environment, own_variable
from functions_model.inputs.specs import REMOVING, WITH_AZURE, Group, InputKind, InputSpec

_ACTION = "read the command line"
_OPTION = re.compile(r"--[A-Za-z]+(?:[-_][A-Za-z]+)*(?:=|$)")
_WIDTH, _INDENT = 100, 6
"""The help is as wide as the terminal, but not wider than this; each option's text begins in this column."""
_FORM = "Write `--name value`, with quotes around a value with spaces."


def from_arguments(
    argv: Sequence[str],
    environ: Mapping[str, str] | None = None,
    *,
    command: str = "",
    own: argparse.Namespace | None = None,
) -> dict[str, str]:
    """The inputs that the command line gives, over those of the environment. Those of a CI host are for its action.

    Options whose input has lines may be repeated; each adds some. `--help` prints the help and leaves with SystemExit.

    Args:
        argv: Without the program's name and the command: `["--app-name", "churn"]`.
        environ: Where inputs that the command line lacks come from (`sources.from_environment`); None means nowhere.
        command: `deploy`, `plan` or `package`: the mode. An empty one leaves it to `--mode`.
        own: Takes the options that are the command's own, and no inputs.

    Raises:
        InputsInvalid: An unknown option, an option without a value, an empty value, an option given twice, a secret,
            or an unknown name among the environment's inputs.
    """
    refused = _secret_problems(argv)
    if refused:
        raise InputsInvalid(_ACTION, refused)
    known, rest = arguments_parser(command).parse_known_args(list(argv))
    vars(own or argparse.Namespace()).update(take_own_options(command, known))
    given = {name.replace("_", "-"): values for name, values in vars(known).items() if values}
    problems = _unknown(rest, argv)
    for name, values in given.items():
        problems += _value_problems(BY_NAME[name], values)
    if problems:
        raise InputsInvalid(_ACTION, problems)
    mode = {"mode": command} if command and command not in {*ASKING, DOCTOR} else {}
    below = from_environment(environ or {})
    return below | {name: "\n".join(values) for name, values in given.items()} | mode


def options_of(argv: Sequence[str], names: Container[str]) -> list[str]:
    """Those of a command's arguments that are among the options of these names, as words for another command.

    Args:
        argv: Without the program's name and the command; read once already, and found right.
        names: Of inputs.
    """
    known = vars(arguments_parser("deploy").parse_known_args(list(argv))[0])
    found = {name.replace("_", "-"): values for name, values in known.items()}
    return [
        word for name, values in found.items() if name in names for one in values or () for word in (f"--{name}", one)
    ]


def arguments_parser(command: str | None = None) -> argparse.ArgumentParser:
    """A parser with one option for each input that is no secret; the secrets are named in its help.

    Every command takes them all, so that it can be given what another one was; its help shows those that it reads.

    Args:
        command: The command that the options follow (`deploy`), which says the mode; None adds `--mode`.
    """
    prog = f"functions-model {command}" if command else "functions-model"
    parser = _Parser(
        prog=prog,
        usage=f"{prog} {'[FILE] ' if command == 'call' else ''}[options]",
        description=_described(command or "deploy"),
        epilog=_SECRETS,
        allow_abbrev=False,
        formatter_class=_HelpFormatter,
    )
    add_own_options(parser, command or "")
    groups = {group: parser.add_argument_group(group.value) for group in Group}
    for spec in CATALOGUE:
        if not spec.secret and not (command and spec.name == "mode"):
            text = _help_text(spec).replace("%", "%%") if _is_read(command, spec) else argparse.SUPPRESS
            place = groups[spec.group] if spec.group else parser
            place.add_argument(f"--{spec.name}", action="append", metavar=_metavar(spec), help=text)
    return parser


def _is_read(command: str | None, spec: InputSpec) -> bool:
    if command and command in ASKING:
        return spec.name in ASKING[command]
    return not command or (Mode.DEPLOY if command == DOCTOR else command) in spec.modes


_PURPOSES: dict[str, str] = {
    Mode.DEPLOY: "Build the image, push it, create what is missing, and verify the live app.",
    Mode.PLAN: "Show what `deploy` would do, without writing anything.",
    Mode.PACKAGE: "Build the image and push it to the registry. It touches nothing else.",
    Mode.DESTROY: "Remove the resources that `deploy` has created.",
    Mode.PLAN_DESTROY: "Show what `destroy` would remove, without writing anything.",
    DOCTOR: "Say what is missing here and in Azure for a deployment, and what fixes it. Nothing is written.\n"
    "No input is required: it says what it could not ask without one. `inputs.yml` is read if it exists.",
    "logs": f"Show what the live app, or a {CANDIDATE}, has written.",
    "call": f"Send a request to the live app, or a {CANDIDATE}, with its key, and print the answer.",
}
_IMAGE = """\
    --model-path model/ --entry-script score.py \\
    --environment-file requirements.txt --registry contoso"""
_APP = "    --app-name contoso-iris --resource-group iris"
_LOCATION = "    --location westeurope"
_SUBSCRIPTION = "    --subscription-id 00000000-0000-0000-0000-000000000000"
_EXAMPLES: dict[str, tuple[str, ...]] = {
    Mode.PACKAGE: (_IMAGE,),
    **dict.fromkeys((*REMOVING, "logs"), (_APP, _SUBSCRIPTION)),
    "call": ("    request.json", _APP, _SUBSCRIPTION),
    **dict.fromkeys((*WITH_AZURE, DOCTOR), (_IMAGE, _APP, _LOCATION, _SUBSCRIPTION)),
}
_SECRETS = "Set secrets as environment variables, not on the command line:\n  " + "\n  ".join(
    own_variable(spec.name) for spec in CATALOGUE if spec.secret
)


def _described(command: str) -> str:
    """What a command does, with an example that can be copied."""
    example = " \\\n".join((f"  functions-model {command}", *_EXAMPLES[command]))
    return (
        f"{_PURPOSES[command]}\n\nFor example, after `az login`:\n{example}\n\n"
        "Or put them into a file, `app-name: contoso-iris` and so on, for all commands:\n"
        f"  functions-model {command} --inputs-file inputs.yml\n\n"
        "Or set variables: FUNCTIONS_MODEL_APP_NAME for --app-name, and so on."
    )


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Each option on a line of its own, its text below it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=_INDENT)
        self._width = min(self._width, _WIDTH)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)


class _Parser(argparse.ArgumentParser):
    """A parser that fails as the rest of the product does."""

    def error(self, message: str) -> NoReturn:
        """Without what the message repeats of the arguments, which may be a secret."""
        if lacks := re.match(r"argument --([a-z-]+): expected", message):
            name = lacks[1]
            remedy = f"Write `--{name} <value>`, or `--{name}=<value>` if the value begins with a hyphen."
            raise InputsInvalid(_ACTION, [Problem("it has no value", remedy, name)])
        raise InputsInvalid(_ACTION, [Problem(message.partition(" explicit argument")[0], "See `--help`.")])


def _secret_problems(argv: Sequence[str]) -> list[Problem]:
    """A secret as an argument is in the shell's history and in the list of processes. Its value is not repeated."""
    words = {word.partition("=")[0].replace("_", "-") for word in argv}
    return [_not_here(spec) for spec in CATALOGUE if spec.secret and f"--{spec.name}" in words]


def _not_here(spec: InputSpec) -> Problem:
    what = f"`--{spec.name}` cannot be given on the command line, where other users can read it"
    return Problem(what, f"Set the environment variable `{own_variable(spec.name)}`.", spec.name)


def _unknown(rest: Sequence[str], argv: Sequence[str]) -> list[Problem]:
    """What belongs to no option. Only names are repeated: another word may be a secret whose option was mistyped.

    Words beside an unknown option are mostly its value, and no problem of their own.
    """
    options = [word.partition("=")[0] for word in rest if _OPTION.match(word)]
    others = [word for word in rest if not _OPTION.match(word)]
    problems = [_unknown_option(option) for option in options]
    if others and not options:
        problems.append(_unexpected(others[0], 1 + list(argv).index(others[0])))
    return problems


def _unexpected(word: str, number: int) -> Problem:
    name = word.lstrip("-").partition("=")[0].replace("_", "-")
    if name not in BY_NAME:
        return Problem(f"the argument {number} is unexpected: it follows no option", _FORM)
    if BY_NAME[name].secret:
        return _not_here(BY_NAME[name])
    return Problem(f"`{name}` is an option and needs two hyphens", f"Write `--{name} <value>`.")


def _unknown_option(option: str) -> Problem:
    what, name = f"there is no option `{option}`", option.lstrip("-")
    if name == "mode":
        return Problem(what, "The command says the mode: `functions-model plan`, `functions-model destroy` ...")
    found = [BY_NAME[one] for one in near(name, BY_NAME)]
    public = [f"--{spec.name}" for spec in found if not spec.secret]
    if found and not public:
        return _not_here(found[0])
    return Problem(what, f"Did you mean {any_of(public)}?" if public else "See `--help`.")


def _value_problems(spec: InputSpec, values: list[str]) -> list[Problem]:
    problems = []
    if len(values) > 1 and spec.kind is not InputKind.LINES:
        problems.append(Problem("it is set more than once", "Give it once.", spec.name))
    if not all(value.strip() for value in values):
        problems.append(Problem("it is empty", "Give a value, or leave the option out.", spec.name))
    return problems


_METAVARS = {InputKind.NUMBER: "N", InputKind.LINES: "LINE"}


def _metavar(spec: InputSpec) -> str:
    if spec.choices:
        return "|".join(spec.choices)
    return spec.metavar or _METAVARS.get(spec.kind, spec.kind.value.upper())


def _help_text(spec: InputSpec) -> str:
    demand = "Required. " if spec.required else f"Required {spec.required_when}. " if spec.required_when else ""
    default = spec.default or spec.derived
    return demand + spec.help + (f" Default: {default}." if default else "")
