"""A conda file's `variables`: what activating the environment sets. The image sets them, as it activates nothing.

`conda env create` writes names and values as they stand, and `conda activate` sets them (conda/conda,
`core/prefix_data.py`, `set_environment_env_vars`). In an image they are a part of the environment, as they are under
Azure ML; an app setting of the same name takes their place, since App Service gives it to the container when it starts.
"""

from __future__ import annotations

import re

import yaml

from functions_model.core.failures import Location
from functions_model.core.owned_names import why_owned
from functions_model.core.yaml_nodes import place
from functions_model.environment.request import Draft

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_OF_THE_IMAGE = {
    "PATH": "the host and the base image's scripts find their programs by it",
    "CONDA_PREFIX": "it says where the image has the conda packages",
    "LANGUAGEWORKERS": "it says which Python runs the script",
    "AZUREFUNCTIONSJOBHOST": "the host's configuration is in `host-json`",
}
"""Beginnings of names that only an image must not have from its user, and why, as `why_owned` has it. An app setting
may do some of this, on the user's own account."""


def read_variables(where: Location, node: yaml.Node, draft: Draft) -> None:
    """Add the variables, or a problem for each that is none. Those that belong to the image are left out with a note.

    Args:
        where: The line of the key.
        node: Its value.
        draft: What is added to.
    """
    if not isinstance(node, yaml.MappingNode):
        draft.refuse(where, "`variables` is not a mapping of names to values", "Write `NAME: value` lines.")
        return
    found = {}
    for key, value in node.value:
        line = place(where.file, key)
        if not isinstance(key, yaml.ScalarNode) or not _NAME.fullmatch(key.value):
            draft.refuse(line, "a name in `variables` is not a variable's", "Use letters, digits, `_` and `.`.")
        elif not isinstance(value, yaml.ScalarNode) or "\0" in value.value:
            draft.refuse(line, f"`{key.value}` in `variables` is not text", "Put its value in quotes.")
        elif reason := _why_not(key.value):
            draft.warnings.append(f"The conda file's variable `{key.value}` is not set: {reason}.")
        else:
            found[key.value] = value.value
    _add(found, draft)


def _why_not(name: str) -> str:
    own = next((reason for start, reason in _OF_THE_IMAGE.items() if _belongs(name.upper(), start)), "")
    return own or why_owned(name)


def _belongs(name: str, start: str) -> bool:
    """`PATH` alone, and `languageWorkers__python__arguments`."""
    return name == start or name.startswith(f"{start}__")


def _add(found: dict[str, str], draft: Draft) -> None:
    if found:
        listed = ", ".join(f"`{name}`" for name in found)
        draft.variables |= found
        draft.warnings.append(
            f"The image sets the conda file's variables: {listed}. Whoever may pull it can read them. An app setting"
            " of the same name takes their place."
        )
