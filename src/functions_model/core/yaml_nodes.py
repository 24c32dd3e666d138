"""YAML as nodes, so that every problem can name its line."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from functions_model.core.failures import Location
from functions_model.core.near import any_of, near

if TYPE_CHECKING:
    Refuse = Callable[[Location, str, str], None]
    """Notes a problem: its place, what is wrong, and the remedy."""

_NULL = "tag:yaml.org,2002:null"


def read_mapping(text: str, path: Path, refuse: Refuse, remedy: str, or_none: str = "") -> yaml.MappingNode | None:
    """The document as one mapping, or None and a problem.

    Args:
        text: The document.
        path: Its file.
        refuse: Takes the problem.
        remedy: What to do about a document that is empty, or no mapping, without a full stop.
        or_none: What else to do about one that is empty: ", or give no file".
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        refuse(Location(path, line), f"it is not YAML: {error.problem or error.context}", "Correct the file.")
        return None
    except yaml.YAMLError as error:
        refuse(Location(path), f"it is not YAML: {str(error).splitlines()[0]}", "Correct the file.")
        return None
    if isinstance(node, yaml.MappingNode):
        return node
    what, rest = ("it is empty", or_none) if node is None else ("it is not a mapping", "")
    refuse(Location(path, 1), what, f"{remedy}{rest}.")
    return None


def place(path: Path, node: yaml.Node) -> Location:
    """The line where a node starts."""
    return Location(path, node.start_mark.line + 1)


def sections(
    node: yaml.MappingNode,
    known: Iterable[str],
    path: Path,
    refuse: Refuse,
    *,
    within: str = "",
    filled: Container[str] = (),
) -> dict[str, tuple[Location, yaml.Node]]:
    """The values of a mapping by key, each with its key's line. Unknown keys and keys given twice are problems.

    Args:
        node: The mapping.
        known: The keys that there are.
        path: The file.
        refuse: Takes the problems.
        within: The key that the mapping belongs to; empty for the document.
        filled: Keys that must have a value where they are given.
    """
    names = tuple(known)
    found: dict[str, tuple[Location, yaml.Node]] = {}
    for key, value in node.value:
        where, name = place(path, key), key.value if isinstance(key, yaml.ScalarNode) else ""
        if name not in names:
            refuse(where, f"there is no key `{name}`{f' in `{within}`' if within else ''}", _nearest(name, names))
        elif name in found:
            refuse(where, f"the key `{name}` is set twice", "Keep one of the two.")
        elif name in filled and is_empty(value):
            refuse(where, f"`{name}` has no value", "Give it one, or remove it.")
        else:
            found[name] = where, value
    return found


def is_empty(node: yaml.Node) -> bool:
    """Whether a node is null or a blank text."""
    return isinstance(node, yaml.ScalarNode) and (node.tag == _NULL or not node.value.strip())


def _nearest(name: str, known: tuple[str, ...]) -> str:
    found = near(name, known)
    return f"Did you mean {any_of(found)}?" if found else f"The keys are: {', '.join(f'`{key}`' for key in known)}."
