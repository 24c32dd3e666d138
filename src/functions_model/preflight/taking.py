"""An inventory, taken of what is installed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from functions_model.bundle import layout
from functions_model.core.python_trees import parse_python
from functions_model.environment import Lock
from functions_model.image.files import FileTree, TreeFile
from functions_model.preflight.distributions import content_of, distributions_in
from functions_model.preflight.inventory import Inventory
from functions_model.preflight.loading import lacking_libraries

_MAKES_MODULES = re.compile(rb"sys\.modules|__path__|meta_path|path_hooks|Lazy(?:Loader|Module|Import)")
_STATEMENT = re.compile(rb"^(?:from|import|def|class|try|if|@|[A-Za-z_]\w* ?[=(:])", re.MULTILINE)
"""What a file that binds names has at the beginning of a line; in the text of a docstring it does no harm."""
_SHORT = 4096
"""Bytes of an `__init__.py` that is looked through for names: one that binds none is short."""


def take_inventory(trees: Iterable[FileTree], lock: Lock, python: str) -> Inventory:
    """The inventory of installed dependencies.

    Args:
        trees: The dependencies' files by their paths in the image; their content is on this machine.
        lock: What they were installed from.
        python: The minor that they are for.
    """
    trees = tuple(trees)
    found = {path: file for tree in trees for path, file in _within(tree, python)}
    modules = sorted(path for path in found if path.endswith((".py", ".so")))
    dynamic, barren = set(), set()
    for path in modules:
        if not (path.endswith("/__init__.py") or ("/" not in path and path.endswith(".py"))):
            continue
        name = path.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
        source = _source(found[path])
        if _MAKES_MODULES.search(source):
            dynamic.add(name)
        elif _binds_nothing(source):
            barren.add(name)
    return Inventory(
        distributions=distributions_in(found, python),
        files=tuple(modules),
        dynamic=frozenset(dynamic),
        barren=frozenset(barren),
        compiled=lock.compiled,
        libraries=lacking_libraries(found, python, (file.path for tree in trees for file in tree.files)),
    )


def _within(tree: FileTree, python: str) -> Iterator[tuple[str, TreeFile]]:
    """The files of the `site-packages`, relative to it."""
    places = (f"{layout.SITE_PACKAGES}/", f"{layout.CONDA}/lib/python{python}/site-packages/")
    for file in tree.files:
        for place in places:
            if file.path.startswith(place):
                yield file.path[len(place) :], file


def _source(file: TreeFile) -> bytes:
    content = content_of(file)
    return b"__path__" if content is None else content


def _binds_nothing(source: bytes) -> bool:
    """Whether a module has no statement but a docstring."""
    if len(source) > _SHORT or _STATEMENT.search(source):
        return False
    try:
        tree = parse_python(source)
    except (SyntaxError, ValueError):
        return False
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in tree.body)
