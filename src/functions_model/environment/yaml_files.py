"""YAML read as nodes, so that every problem can name its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from functions_model.core.failures import Location

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.environment.request import Draft


def compose_mapping(text: str, path: Path, draft: Draft) -> yaml.MappingNode | None:
    """The document as one mapping, or None and a problem."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        draft.refuse(Location(path, line), f"it is not YAML: {error.problem or error.context}", "Correct the file.")
        return None
    except yaml.YAMLError as error:
        draft.refuse(Location(path), f"it is not YAML: {str(error).splitlines()[0]}", "Correct the file.")
        return None
    if node is None:
        draft.refuse(Location(path), "the file is empty", "Start it with `dependencies:`, or give no environment file.")
        return None
    if not isinstance(node, yaml.MappingNode):
        draft.refuse(place(path, node), "it is not a mapping", "Start it with `dependencies:`.")
        return None
    return node


def place(path: Path, node: yaml.Node) -> Location:
    """The line where a node starts."""
    return Location(path, node.start_mark.line + 1)


def sections(
    node: yaml.MappingNode, known: tuple[str, ...], path: Path, draft: Draft
) -> dict[str, tuple[Location, yaml.Node]]:
    """The values of a mapping by key, each with its key's line. Unknown keys and keys given twice are problems."""
    found: dict[str, tuple[Location, yaml.Node]] = {}
    for key, value in node.value:
        where = place(path, key)
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if name not in known:
            listed = ", ".join(f"`{entry}`" for entry in known)
            draft.refuse(where, f"there is no key `{name}`", f"The keys are: {listed}.")
        elif name in found:
            draft.refuse(where, f"the key `{name}` is given twice", "Keep one of the two.")
        else:
            found[name] = (where, value)
    return found


def is_empty(node: yaml.Node) -> bool:
    """Whether a node is null or an empty text."""
    return isinstance(node, yaml.ScalarNode) and node.value in {"", "null", "~"}
