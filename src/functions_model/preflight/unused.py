"""Packages for development that were asked for, and that nothing in the image imports or needs."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from functions_model.core.python_trees import parse_python
from functions_model.image.files import FileTree
from functions_model.preflight.distributions import content_of
from functions_model.preflight.inventory import DEVELOPMENT, Distribution, Inventory


def for_development(
    inventory: Inventory, code: FileTree, asked: Collection[str]
) -> tuple[tuple[str, ...], tuple[Distribution, ...]]:
    """What could be left out.

    Args:
        inventory: What is installed, and what each package says that it is for.
        code: The user's own files.
        asked: The packages that the user asks for, by their normalised names.

    Returns:
        Those of `asked` that are for development and that no file of the user's imports; and all packages that only
        they need, themselves included.
    """
    known = {one.name: one for one in inventory.distributions}
    candidates = [name for name in sorted(asked) if name in known and DEVELOPMENT in known[name].kinds]
    if not candidates:
        return (), ()  # nothing of the user's need be read
    imported = frozenset(
        name for file in code.files if file.path.endswith(".py") for name in _imported(content_of(file))
    )
    idle = [name for name in candidates if imported.isdisjoint(known[name].modules)]
    needed = _closure([name for name in asked if name not in idle], known)
    names = tuple(name for name in idle if name not in needed)
    return names, tuple(one for one in _closure(names, known).values() if one.name not in needed)


def _closure(names: Collection[str], known: dict[str, Distribution]) -> dict[str, Distribution]:
    """These packages, and all that they need."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        if (one := known.get(waiting.pop())) and one.name not in found:
            found[one.name] = one
            waiting += one.requires
    return found


def _imported(source: bytes | None) -> Iterator[str]:
    """The first names of all that a file imports, wherever in it."""
    try:
        tree = parse_python(source or b"")
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
