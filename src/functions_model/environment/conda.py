"""Conda environment files: as wheels when each package has one, else as the conda packages that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from functions_model.core.build import Solver
from functions_model.core.yaml_nodes import is_empty, place, sections
from functions_model.environment.conda_channels import channels_for, is_public, is_public_name, read_channels
from functions_model.environment.conda_dependencies import add_conda_package, add_wheel
from functions_model.environment.conda_specs import CondaSpecInvalid, parse_conda_spec
from functions_model.environment.conda_twins import LEFT_OUT, twin_of
from functions_model.environment.requirements import read_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    from functions_model.core.failures import Location
    from functions_model.environment.request import CondaChannel, Draft

    Reader: TypeAlias = Callable[[str, Location, Draft], None]

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
        draft.warnings.append("The conda file's `variables` are not set. Give them in `app-settings`.")
    if why is not None:
        draft.conda_why, draft.conda_channels = why, channels_for(channels)
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
            return f"line {where.line} names a channel of your own, `{channel.name}`"
    for entry in entries:
        if isinstance(entry, yaml.ScalarNode) and (reason := _why_this(entry.value)):
            return f"line {place(path, entry).line} asks for {reason}"
    return None


def _why_this(text: str) -> str | None:
    try:
        spec = parse_conda_spec(text)
    except CondaSpecInvalid:
        return None  # told when it is read
    if spec.channel and not is_public_name(spec.channel):
        return f"`{spec.name}` from a channel of your own, `{spec.channel}`"
    has_wheel = spec.name == "python" or spec.name in LEFT_OUT or twin_of(spec.name)
    return None if has_wheel else f"`{spec.name}`, which no wheel stands for"


def _warn_of_channels(channels: list[CondaChannel], draft: Draft) -> None:
    own = [channel for channel in channels if not is_public(channel)]
    if own:
        words = "channel is" if len(own) == 1 else "channels are"
        draft.warnings.append(f"{len(own)} conda {words} not asked: the same packages are installed as wheels.")


def _read_entry(entry: yaml.Node, path: Path, draft: Draft, add: Reader) -> None:
    where = place(path, entry)
    if isinstance(entry, yaml.MappingNode):
        for line, value in sections(entry, ("pip",), path, draft.refuse).values():
            _read_pip(value, line, path, draft)
    elif not isinstance(entry, yaml.ScalarNode) or is_empty(entry):
        draft.refuse(where, "a dependency is not text", "Write it as `- name=1.2`.")
    else:
        add(entry.value.strip(), where, draft)


def _read_pip(node: yaml.Node, where: Location, path: Path, draft: Draft) -> None:
    if not isinstance(node, yaml.SequenceNode):
        draft.refuse(where, "`pip` is not a list", "Write one requirement on each line, after `- `.")
        return
    for entry in node.value:
        line = place(path, entry)
        if not isinstance(entry, yaml.ScalarNode) or is_empty(entry):
            draft.refuse(
                line, "an entry of `pip` is not text", "Write it as `- name==1.2`; quote texts with `: ` in them."
            )
        else:
            read_line(entry.value.strip(), line, draft)
