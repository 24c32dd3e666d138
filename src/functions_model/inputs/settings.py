"""The app's settings: `NAME=value` lines, a YAML or JSON mapping, or `-NAME value`, over those of a deployment file.

No message ever shows a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import yaml

from functions_model.core.failures import Location, Problem
from functions_model.core.owned_names import why_owned
from functions_model.core.secrets import Secret
from functions_model.core.spec import WORKER_PROCESSES
from functions_model.core.yaml_nodes import NotYaml, compose
from functions_model.inputs.dashed import dashed_pairs, is_dashed
from functions_model.inputs.form import Form

_SUBJECT = "app-settings"
_LINE = re.compile(r"\s*(?P<name>[^\s=:{}\[\]\"']+)\s*=(?P<value>.*)")
_COLONS = re.compile(r"\s*(?P<name>[\w.-]+(?::[\w.-]+)+)\s*=(?P<value>.*)")
"""A name as .NET writes it, `Logging:Level`. YAML has a space behind the colon."""
_PADDED = re.compile(r"[A-Za-z0-9+/_-]+==|(?=[^=]*[a-z])(?=[^=]*[A-Z])(?=[^=]*[0-9])[A-Za-z0-9+/-]{12,}=")
"""The last line of a base64 text, such as a key's: it looks like a name without a value, and is a part of a secret."""
_SEVERAL_LINES = (
    "Write one setting on each line. A value of several lines goes into YAML: `NAME: |`, and its lines below, indented."
)
_QUOTED = "Write `-NAME value`, with double quotes around a value with spaces."
_NAME = re.compile(r"[A-Za-z0-9_.]{1,256}")
"""https://learn.microsoft.com/azure/app-service/configure-common: letters, digits, periods and underscores."""

_COUNT = re.compile(r"[1-9]|10")
"""Azure/azure-functions-host, RpcWorkerConfigFactory.cs:251-264: it does not start on anything else."""


def secrets_in(text: str) -> tuple[str, ...]:
    """What may be a secret in a text that is meant to be settings: their values, and each line that is none."""
    pairs, problems = _pairs(text)
    if not problems:
        return tuple(value for _, _, value in pairs)
    lines = [line.strip() for line in text.splitlines()]
    ends = [line.partition(sign)[2].strip() for line in lines for sign in "=:"]
    return tuple(part for part in (*lines, *(line.rstrip("=") for line in lines), *ends) if part)


def read_settings(text: str) -> tuple[dict[str, Secret], list[Problem]]:
    """The settings by name, and everything that is wrong with them."""
    pairs, problems = _pairs(text)
    settings, more = check_settings(pairs)
    return settings, [*problems, *more]


def check_settings(entries: Iterable[tuple[int | Location, str, str]]) -> tuple[dict[str, Secret], list[Problem]]:
    """Settings by name, and everything that is wrong with them.

    Args:
        entries: Place, name and value of each: a line of an input's text, or a place in a file.
    """
    settings: dict[str, Secret] = {}
    problems: list[Problem] = []
    seen: set[str] = set()
    for place, name, value in entries:
        found = _name_problem(name, seen, place) or _value_problem(name, value, place)
        seen.add(in_container(name).upper())
        if found:
            problems.append(found)
        else:
            settings[name] = Secret(value)
    return settings, problems


Pair = tuple[int, str, str]
"""Line (from 1), name, value."""


def _pairs(text: str) -> tuple[list[Pair], list[Problem]]:
    significant = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not significant:
        return [], []
    if is_dashed(text):
        return _pairs_of_dashes(text)
    if _LINE.fullmatch(significant[0]) or _COLONS.fullmatch(significant[0]):
        return _pairs_of_lines(text)
    return _pairs_of_mapping(text)


def _pairs_of_dashes(text: str) -> tuple[list[Pair], list[Problem]]:
    """A name without a value is not repeated: it may be a secret that begins with a dash."""
    pairs = list(dashed_pairs(text))
    lacking = [(line, "value" if name else "name") for line, name, value in pairs if not (name and value)]
    problems = [_at(0, f"something in line {line} has no {lacks}", _QUOTED) for line, lacks in lacking]
    return [pair for pair in pairs if pair[1] and pair[2]], problems


def _pairs_of_lines(text: str) -> tuple[list[Pair], list[Problem]]:
    pairs: list[Pair] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line) or _COLONS.fullmatch(line)
        if match and not _PADDED.fullmatch(line.strip()):
            pairs.append((number, match["name"], match["value"].strip()))
        else:
            problems.append(_at(0, f"line {number} is not `NAME=value`", _SEVERAL_LINES))
    return pairs, problems


def _pairs_of_mapping(text: str) -> tuple[list[Pair], list[Problem]]:
    try:
        node = compose(text)
    except NotYaml as error:  # its words may hold a part of a secret
        if error.line is None:
            return [], [_at(0, "it contains characters that YAML does not allow", "Write `NAME=value` on each line.")]
        what = f"it is neither lines, YAML nor JSON (line {error.line})"
        return [], [_at(0, what, "Write `NAME=value` on each line.")]
    if not isinstance(node, yaml.MappingNode):
        return [], [_at(0, "it is not a mapping of names to values", "Write `NAME=value` on each line.")]
    pairs: list[Pair] = []
    problems: list[Problem] = []
    for item in _entries(node):
        (problems if isinstance(item, Problem) else pairs).append(item)  # type: ignore[arg-type]
    return pairs, problems


def _entries(node: yaml.MappingNode) -> Iterator[Pair | Problem]:
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            yield _at(0, f"the name in line {line} is not text", "Use plain names.")
        elif not isinstance(value, yaml.ScalarNode):
            yield _at(
                0,
                f"`{key.value}` (line {line}) has a list or a mapping as its value",
                "Settings are text; put it in quotes.",
            )
        else:
            yield line, key.value, value.value


def _name_problem(name: str, seen: set[str], place: int | Location) -> Problem | None:
    if not _NAME.fullmatch(name):
        shown = f"`{name}`" if len(name) <= 40 else "`the name`"
        return _at(place, f"{shown}{_line(place)} is not a setting's name", _name_remedy(name))
    shown, seen_as = f"`{name}`{_line(place)}", in_container(name).upper()
    if seen_as in seen:
        return _at(place, f"{shown} is given twice", "Names do not differ by case, or `.` and `_`, alone. Remove one.")
    reason = why_owned(seen_as)
    return _at(place, f"{shown} cannot be set: {reason}", "Remove it.") if reason else None


def in_container(name: str) -> str:
    """The name under which the script, the host and the worker see a setting: a Linux container has no dots there.

    MicrosoftDocs/azure-docs#69795.
    """
    return name.replace(".", "_")


def _name_remedy(name: str) -> str:
    """What .NET calls `Logging:Level` is `Logging__Level` in an environment."""
    if ":" in name and _NAME.fullmatch(meant := name.replace(":", "__")):
        return f"Write `__` instead of `:`: `{meant}`."
    return "Use letters, digits, `_` and `.`."


def _value_problem(name: str, value: str, place: int | Location) -> Problem | None:
    shown = f"`{name}`{_line(place)}"
    if not value:
        return _at(place, f"{shown} has no value", "Give it a value, or remove it.")
    if "\0" in value:
        return _at(place, f"{shown} contains a null character", "An environment variable cannot hold one.")
    if re.search("[\ud800-\udfff]", value):
        return _at(place, f"{shown} contains half of a character", "Write it as text, or both halves of it.")
    if in_container(name).upper() == WORKER_PROCESSES and not _COUNT.fullmatch(value):
        return _at(place, f"{shown} is not a whole number from 1 to 10", "The host takes no more processes than 10.")
    return None


def _line(place: int | Location) -> str:
    """The line of an input's text; that of a file is told as the problem's location."""
    return f" (line {place})" if isinstance(place, int) else ""


def _at(place: int | Location, what: str, remedy: str) -> Problem:
    return Problem(what, remedy, _SUBJECT, place if isinstance(place, Location) else None)


_PORTS = {"WEBSITES_PORT": ("80",), "ASPNETCORE_URLS": ("http://+:80", "http://*:80")}
"""Settings that say where App Service looks, and where .NET's server listens; and what changes nothing."""
_MICROSOFTS = re.compile(r"(?:^|/)azure-functions/python(?:[:@]|$)")


def read_app_settings(form: Form) -> tuple[dict[str, Secret], list[Problem]]:
    """The settings by name, and everything that is wrong with them.

    App Service compares names without regard to case.
    """
    given, problems = read_settings(form.text("app-settings"))
    own, more = check_settings(form.file_settings)
    names = {in_container(name).upper() for name in given}
    kept = {name: value for name, value in own.items() if in_container(name).upper() not in names}
    return {**kept, **given}, [*problems, *more]


def note_dots(form: Form, settings: dict[str, Secret]) -> None:
    """Say under which name the script sees a setting whose name has a dot."""
    seen = ", ".join(f"`{name}` as `{in_container(name)}`" for name in settings if "." in name)
    if seen:
        form.notes.append(
            f"The script sees the app setting {seen}: a container's variables have no dots in their names."
        )


def refuse_ports(form: Form, settings: dict[str, Secret]) -> None:
    """Microsoft's base images listen at port 80 alone; who brings another image knows where that one listens.

    Those with `-appservice` in their tag read PORT, which follows WEBSITES_PORT: Azure/azure-functions-docker,
    host/4/bookworm/python/python312, start_nonappservice.sh and start.sh.
    """
    base = form.text("base-image")
    if form.text("dockerfile") or (base and ("-appservice" in base or not _MICROSOFTS.search(base))):
        return
    for name, value in settings.items():
        if name.upper() in _PORTS and value.reveal().strip() not in _PORTS[name.upper()]:
            what = f"`{name}` names another port than 80, and Microsoft's base image listens at port 80 alone"
            form.refuse("app-settings", what, "Remove it; or name, in `base-image`, an image that listens there.")
