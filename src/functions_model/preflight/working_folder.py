"""The folder in which a script is started: that of its code, or the one that it can only have been written for.

`payload/first_sdk.py` decides it in the image, by the same signs.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator
from pathlib import Path

from functions_model.core.python_trees import parse_python
from functions_model.image.files import TreeFile
from functions_model.image.opened import MOST_SOURCE, read_whole
from functions_model.preflight.project import Project

_CALL = "get_model_path"
"""Scripts of Azure ML's first SDK call it, and are started in the folder above their own."""
_OPENING = frozenset({"join", "Path", "open"})


def working_folder(project: Project) -> str:
    """The folder in the image, POSIX, without a leading slash."""
    code = project.code_folder
    above, own = posixpath.dirname(code), posixpath.dirname(project.script_path)
    sources = {file.path: _source(file) for file in project.code.files if file.path.endswith(".py")}
    if any(_CALL.encode() in source and _calls(source) for source in sources.values()):
        return above
    there = {file.path for tree in (project.code, project.models) for file in tree.files}
    there |= {folder for tree in (project.code, project.models) for folder in tree.folders()}
    paths = [path for path in _paths(sources.get(project.script_path, b"")) if path not in {"", "."}]
    places = (code, own, above)
    named = (place for place in places if any(posixpath.normpath(f"{place}/{path}") in there for path in paths))
    return next(named, code)


def _source(file: TreeFile) -> bytes:
    try:
        return read_whole(file.content, MOST_SOURCE) if isinstance(file.content, Path) else b""
    except OSError:
        return b""


def _nodes(source: bytes) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(parse_python(source))
    except (SyntaxError, ValueError):
        return


def _calls(source: bytes) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == _CALL for node in _nodes(source))


def _paths(source: bytes) -> Iterator[str]:
    """Relative paths that stand there as constants: whole ones, and the first arguments of `join` and the like."""
    for node in _nodes(source):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "/" in node.value[1:]:
            yield node.value
        elif isinstance(node, ast.Call) and _name(node.func) in _OPENING:
            constants = [one.value if isinstance(one, ast.Constant) else None for one in node.args]
            leading = constants[: next((at for at, one in enumerate(constants) if not isinstance(one, str)), None)]
            yield "/".join(str(one) for one in leading)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
