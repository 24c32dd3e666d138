"""Conda environment files: as wheels when each package has one, else as the conda packages that they name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, urlsplit

import yaml
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement

from functions_model.core.build import Solver
from functions_model.core.failures import Location, RuleBroken
from functions_model.core.secrets import Secret
from functions_model.core.yaml_nodes import is_empty, place, sections
from functions_model.environment.conda_specs import LEFT_OUT, CondaSpec, parse_conda_spec, pep440, twin_of
from functions_model.environment.conda_variables import read_variables
from functions_model.environment.request import CondaChannel, CondaDependency, CondaRequest, Draft, Requirement
from functions_model.environment.requirement_options import filled, inside_path, is_url
from functions_model.environment.requirements import add_requirement, read_list

if TYPE_CHECKING:
    Reader: TypeAlias = Callable[[str, Location, Draft], None]


_PUBLIC = frozenset(
    ("conda-forge", "defaults", "nodefaults", "main", "r", "free", "anaconda", "pytorch", "nvidia", "bioconda")
)
"""Channels whose packages hold the same releases as the wheels of those names."""
_MEANS = {"defaults": ("main", "r"), "nodefaults": ()}
"""What a name stands for, when it is not a channel itself."""
_DEFAULT = CondaChannel("conda-forge", "conda-forge")
_TOKEN = re.compile(r"^/t/[^/]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._-]+)*")


def read_channels(node: yaml.Node | None, path: Path, draft: Draft) -> list[tuple[CondaChannel, Location]]:
    """The channels in the file's order, each with its line; none when none is named. Problems go to the draft.

    Args:
        node: The value of `channels`; None when there is none.
        path: The file; folders are relative to the one that it lies in.
        draft: What problems are added to.
    """
    entries = node.value if isinstance(node, yaml.SequenceNode) else [node] if node and not is_empty(node) else []
    found = []
    for entry in entries:
        where = place(path, entry)
        if not isinstance(entry, yaml.ScalarNode) or is_empty(entry):
            draft.refuse(where, "a channel is not text", "Write its name or its URL.")
        else:
            found += [(channel, where) for channel in _read(entry.value.strip(), where, draft)]
    return found


def channels_for(found: list[tuple[CondaChannel, Location]]) -> list[CondaChannel]:
    """The channels to ask, each under a name of its own; conda-forge when the file names none."""
    channels: list[CondaChannel] = []
    for channel, _ in found:
        if channel.location not in [other.location for other in channels]:
            taken = [other.name for other in channels]
            channels.append(CondaChannel(_free(channel.name, taken), channel.location))
    return channels or [_DEFAULT]


def is_public(channel: CondaChannel) -> bool:
    """Whether it is a well-known channel, or a mirror of one by its name."""
    return not isinstance(channel.location, Path) and is_public_name(channel.name)


def is_public_name(name: str) -> bool:
    """Whether a channel's name, as a package may have it in front, is a well-known one's."""
    return name.removeprefix("pkgs/").partition("/")[0] in _PUBLIC


_FILE_URL = re.compile(r"file:(?://[^/]*(?=/|$))?")


def _read(text: str, where: Location, draft: Draft) -> list[CondaChannel]:
    whole = filled(text, "the channel", where, draft)
    if whole is None:
        return []
    if whole.startswith("file:"):
        return _folder(unquote(_FILE_URL.sub("", whole)), where, draft)
    if "://" in whole:
        return _url(whole, where, draft)
    if whole.startswith((".", "/", "~")):
        return _folder(whole, where, draft)
    if not _NAME.fullmatch(whole):
        draft.refuse(where, "the channel is neither a name nor a URL", "Write `conda-forge`, or `https://host/path`.")
        return []
    return [CondaChannel(name, name) for name in _MEANS.get(whole, (whole,))]


def _folder(text: str, where: Location, draft: Draft) -> list[CondaChannel]:
    folder = inside_path(text, where, draft)
    return [CondaChannel(folder.name, folder)] if folder else []


def _url(text: str, where: Location, draft: Draft) -> list[CondaChannel]:
    """A channel by its URL. It may hold a token, so no message shows it."""
    if not is_url(text, {"https", "http", "oci", "s3"}):
        draft.refuse(where, "the channel's URL is not an http or https URL", "Write it as `https://host/path`.")
        return []
    name = _TOKEN.sub("", urlsplit(text).path).strip("/")
    return [CondaChannel(re.sub(r"[^A-Za-z0-9._/-]", "_", name) or "channel", Secret(text.rstrip("/")))]


def _free(name: str, taken: list[str]) -> str:
    """The name, with a number behind it when another channel has it."""
    if name not in taken:
        return name
    return next(numbered for number in range(2, len(taken) + 3) if (numbered := f"{name}-{number}") not in taken)


def add_wheel(text: str, where: Location, draft: Draft) -> None:
    """Add the wheel that stands for a conda dependency, or its problem."""
    try:
        spec = parse_conda_spec(text)
        if spec.name == "python":
            _read_python(spec, where, draft)
        elif spec.name in LEFT_OUT:
            if reason := LEFT_OUT[spec.name]:
                draft.warnings.append(f"The conda package `{spec.name}` is left out: {reason}.")
        else:
            _add_twin(spec, where, draft)
    except RuleBroken as error:
        draft.refuse(where, error.what, error.remedy)


def add_conda_package(text: str, where: Location, draft: Draft) -> None:
    """Add a conda dependency as it is, or its problem."""
    try:
        spec = parse_conda_spec(text)
        if "://" in spec.channel:
            what = f"the channel of `{spec.name}` is a URL"
            raise RuleBroken(what, "Name it in `channels:`.")  # noqa: TRY301 - told like all the others
        if spec.name == "python":
            _read_python(spec, where, draft)
    except RuleBroken as error:
        draft.refuse(where, error.what, error.remedy)
        return
    same = next((other for other in draft.conda_specs if other.name == spec.name), None)
    if same and same.text != text and spec.name != "python":
        what = f"`{spec.name}` is listed twice (see {same.location})"
        draft.refuse(where, what, "Keep one of the two.")
    elif not same and draft.conda:
        specs = (*draft.conda.specs, CondaDependency(text, spec.name, where))
        draft.conda = replace(draft.conda, specs=specs)


def _read_python(spec: CondaSpec, where: Location, draft: Draft) -> None:
    if draft.python_text is not None:
        draft.refuse(where, f"`python` is listed twice (see {draft.python_location})", "Keep one of the two.")
        return
    draft.python_text, draft.python_location = pep440(spec), where


def _add_twin(spec: CondaSpec, where: Location, draft: Draft) -> None:
    twin = twin_of(spec.name)
    if twin is None:
        draft.refuse(
            where,
            f"the conda package `{spec.name}` has no known equivalent among Python wheels",
            "If a wheel serves as well, ask for it below `- pip:`. If it is not needed to score, remove it."
            " `solver: conda` installs it from its channel.",
        )
        return
    text = f"{twin.name}{twin.versions(pep440(spec))}"
    try:
        ParsedRequirement(text)
    except InvalidRequirement as error:
        raise RuleBroken(f"the version of `{spec.name}` cannot be read", "Write it as `=1.2`.") from error
    add_requirement(Requirement(twin.name, text, (), where), where, draft)


_KEYS = ("name", "channels", "dependencies", "prefix", "variables")


def read_conda(node: yaml.MappingNode, path: Path, draft: Draft) -> None:
    """Add what a conda environment asks for.

    Args:
        node: The environment: a whole file, or the mapping inside an Azure ML environment.
        path: The file it is in.
        draft: What is added to, problems included. Its `solver` says whether wheels will do.
    """
    found = sections(node, _KEYS, path, draft.refuse)
    channels = read_channels(found["channels"][1] if "channels" in found else None, path, draft)
    entries = _entries(found, place(path, node), draft)
    why = _why_conda(channels, entries, path, draft)
    if why is None:
        _warn_of_channels([channel for channel, _ in channels], draft)
    if "variables" in found and not is_empty(found["variables"][1]):
        read_variables(*found["variables"], draft)
    if why is not None:
        draft.conda = CondaRequest((), tuple(channels_for(channels)), why)
    for entry in entries:
        _read_entry(entry, path, draft, add_wheel if why is None else add_conda_package)


def _entries(found: dict[str, tuple[Location, yaml.Node]], whole: Location, draft: Draft) -> list[yaml.Node]:
    if "dependencies" not in found:
        draft.refuse(whole, "it names no dependencies", "Add a list `dependencies:`.")
        return []
    where, dependencies = found["dependencies"]
    if not isinstance(dependencies, yaml.SequenceNode) or not dependencies.value:
        draft.refuse(
            where, "`dependencies` is not a list with entries", "Write one dependency on each line, after `- `."
        )
        return []
    entries: list[yaml.Node] = dependencies.value
    return entries


def _why_conda(
    channels: list[tuple[CondaChannel, Location]], entries: list[yaml.Node], path: Path, draft: Draft
) -> str | None:
    """Why wheels do not do, as a clause; None when they do, or must."""
    if draft.solver is Solver.WHEELS:
        return None
    if draft.solver is Solver.CONDA:
        return "`solver: conda` says so"
    for channel, where in channels:
        if not is_public(channel):
            return f"line {where.line} names your own channel, `{channel.name}`"
    for entry in entries:
        if isinstance(entry, yaml.ScalarNode) and (reason := _why_this(entry.value)):
            return f"line {place(path, entry).line} asks for {reason}"
    return None


def _why_this(text: str) -> str | None:
    try:
        spec = parse_conda_spec(text)
    except RuleBroken:
        return None  # told when it is read
    if spec.channel and not is_public_name(spec.channel):
        return f"`{spec.name}` from a channel of your own, `{spec.channel}`"
    has_wheel = spec.name == "python" or spec.name in LEFT_OUT or twin_of(spec.name)
    return None if has_wheel else f"`{spec.name}`, which has no matching wheel"


def _warn_of_channels(channels: list[CondaChannel], draft: Draft) -> None:
    own = [channel for channel in channels if not is_public(channel)]
    if own:
        words = "channel is" if len(own) == 1 else "channels are"
        draft.warnings.append(f"{len(own)} conda {words} not asked: the same packages are installed as wheels.")


def _read_entry(entry: yaml.Node, path: Path, draft: Draft, add: Reader) -> None:
    where = place(path, entry)
    if isinstance(entry, yaml.MappingNode):
        for line, value in sections(entry, ("pip",), path, draft.refuse).values():
            remedy = "Write it as `- name==1.2`; quote texts with `: ` in them."
            read_list(value, line, draft, name="pip", entry="an entry of `pip`", remedy=remedy)
    elif not isinstance(entry, yaml.ScalarNode) or is_empty(entry):
        draft.refuse(where, "a dependency is not text", "Write it as `- name=1.2`.")
    else:
        add(entry.value.strip(), where, draft)
