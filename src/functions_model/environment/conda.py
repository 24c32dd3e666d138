"""Conda environment files whose packages can all come as wheels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement

from functions_model.environment.conda_specs import CondaSpec, CondaSpecInvalid, parse_conda_spec, pep440
from functions_model.environment.conda_twins import LEFT_OUT, twin_of
from functions_model.environment.request import Requirement
from functions_model.environment.requirement_lines import add_requirement
from functions_model.environment.requirements import read_line
from functions_model.environment.yaml_files import is_empty, place, sections

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.failures import Location
    from functions_model.environment.request import Draft

_KEYS = ("name", "channels", "dependencies", "prefix", "variables")
_PUBLIC_CHANNELS = frozenset({"conda-forge", "defaults", "nodefaults", "main", "anaconda", "pytorch", "nvidia"})


def read_conda(node: yaml.MappingNode, path: Path, draft: Draft) -> None:
    """Add what a conda environment asks for.

    Args:
        node: The environment: a whole file, or the mapping inside an Azure ML environment.
        path: The file it is in.
        draft: What is added to, problems included.
    """
    found = sections(node, _KEYS, path, draft)
    if "channels" in found:
        _warn_of_channels(found["channels"][1], draft)
    if "variables" in found and not is_empty(found["variables"][1]):
        draft.warnings.append("The conda file's `variables` are not set. Give them in `app-settings`.")
    if "dependencies" not in found:
        draft.refuse(place(path, node), "it names no dependencies", "Add a list `dependencies:`.")
        return
    where, dependencies = found["dependencies"]
    if not isinstance(dependencies, yaml.SequenceNode) or not dependencies.value:
        draft.refuse(
            where, "`dependencies` is not a list with entries", "Write one dependency on each line, after `- `."
        )
        return
    for entry in dependencies.value:
        _read_entry(entry, path, draft)


def _warn_of_channels(node: yaml.Node, draft: Draft) -> None:
    entries = node.value if isinstance(node, yaml.SequenceNode) else [node]
    names = [entry.value for entry in entries if isinstance(entry, yaml.ScalarNode)]
    own = [name for name in names if name not in _PUBLIC_CHANNELS]
    if own:
        channels = "channel is" if len(own) == 1 else "channels are"
        draft.warnings.append(f"{len(own)} conda {channels} not asked: the same packages are installed as wheels.")


def _read_entry(entry: yaml.Node, path: Path, draft: Draft) -> None:
    where = place(path, entry)
    if isinstance(entry, yaml.MappingNode):
        for line, value in sections(entry, ("pip",), path, draft).values():
            _read_pip(value, line, path, draft)
    elif not isinstance(entry, yaml.ScalarNode) or is_empty(entry):
        draft.refuse(where, "a dependency is not text", "Write it as `- name=1.2`.")
    else:
        _read_dependency(entry.value, where, draft)


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


def _read_dependency(text: str, where: Location, draft: Draft) -> None:
    try:
        spec = parse_conda_spec(text)
        if spec.name == "python":
            _read_python(spec, where, draft)
        elif spec.name in LEFT_OUT:
            if reason := LEFT_OUT[spec.name]:
                draft.warnings.append(f"The conda package `{spec.name}` is left out: {reason}.")
        else:
            _add_twin(spec, where, draft)
    except CondaSpecInvalid as error:
        draft.refuse(where, error.what, error.remedy)


def _read_python(spec: CondaSpec, where: Location, draft: Draft) -> None:
    if draft.python_text is not None:
        draft.refuse(where, f"`python` is asked for twice (see {draft.python_location})", "Keep one of the two.")
        return
    draft.python_text, draft.python_location = pep440(spec), where


def _add_twin(spec: CondaSpec, where: Location, draft: Draft) -> None:
    twin = twin_of(spec.name)
    if twin is None:
        draft.refuse(
            where,
            f"the conda package `{spec.name}` has no known equivalent among Python wheels",
            "If a wheel serves as well, ask for it below `- pip:`. If it is not needed to score, remove it.",
        )
        return
    text = f"{twin.name}{twin.versions(pep440(spec))}"
    try:
        ParsedRequirement(text)
    except InvalidRequirement as error:
        raise CondaSpecInvalid(f"the version of `{spec.name}` cannot be read", "Write it as `=1.2`.") from error
    add_requirement(Requirement(twin.name, text, (), where), where, draft)
