"""Paths that a script makes of constants, as they are in the image: `os.path.join(os.getcwd(), "src")`."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from functions_model.preflight.conditions import dotted

_DEEPEST = 20
"""How many names and calls may lie in one another."""


@dataclass(frozen=True, slots=True)
class PathReader:
    """Evaluates the expressions of one file that are paths.

    Attributes:
        file: The file in the image, POSIX, with a leading slash.
        folder: The working folder in the image: that of the code.
        environ: Variables that the image sets, such as `AZUREML_MODEL_DIR`.
        names: What is assigned in the file to each name that is assigned to once.
    """

    file: str
    folder: str
    environ: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, ast.expr] = field(default_factory=dict)

    def path(self, node: ast.expr) -> str | None:
        """The absolute path; None when only the run knows it."""
        text = self.text(node)
        return None if text is None else posixpath.normpath(posixpath.join(self.folder, text))

    def text(self, node: ast.expr, depth: int = 0) -> str | None:
        """What the expression gives, as text; None when only the run knows it."""
        readers: dict[type[ast.expr], Callable[[Any, int], str | None]] = {
            ast.Constant: lambda one, _: one.value if isinstance(one.value, str) else None,
            ast.Name: self._name,
            ast.BinOp: self._sum,
            ast.JoinedStr: self._format,
            ast.Attribute: self._attribute,
            ast.Subscript: self._item,
            ast.Call: self._call,
        }
        read = readers.get(type(node))
        return read(node, depth) if read and depth <= _DEEPEST else None

    def _name(self, node: ast.Name, depth: int) -> str | None:
        if node.id == "__file__":
            return self.file
        given = self.names.get(node.id)
        return None if given is None else self.text(given, depth + 1)

    def _sum(self, node: ast.BinOp, depth: int) -> str | None:
        parts = self._texts([node.left, node.right], depth)
        if parts is None or not isinstance(node.op, ast.Div | ast.Add):
            return None
        return posixpath.join(*parts) if isinstance(node.op, ast.Div) else "".join(parts)

    def _format(self, node: ast.JoinedStr, depth: int) -> str | None:
        values = [one.value if isinstance(one, ast.FormattedValue) else one for one in node.values]
        parts = self._texts(values, depth)
        return None if parts is None else "".join(parts)

    def _texts(self, nodes: list[ast.expr], depth: int) -> list[str] | None:
        found = [text for node in nodes if (text := self.text(node, depth + 1)) is not None]
        return found if len(found) == len(nodes) else None

    def _attribute(self, node: ast.Attribute, depth: int) -> str | None:
        name = dotted(node)
        if name in {"os.curdir", "os.sep"}:
            return {"os.curdir": ".", "os.sep": "/"}[name]
        if name == "os.pardir":
            return ".."
        before = self.text(node.value, depth + 1) if node.attr in {"parent", "name"} else None
        if before is None:
            return None
        return posixpath.dirname(before) or "." if node.attr == "parent" else posixpath.basename(before)

    def _item(self, node: ast.Subscript, depth: int) -> str | None:
        if dotted(node.value) in {"os.environ", "environ"}:
            name = self.text(node.slice, depth + 1)
            return self.environ.get(name) if name else None
        if isinstance(node.value, ast.Attribute) and node.value.attr == "parents":
            before, index = self.text(node.value.value, depth + 1), node.slice
            if before is None or not isinstance(index, ast.Constant) or not isinstance(index.value, int):
                return None
            for _ in range(index.value + 1):
                before = posixpath.dirname(before) or "."
            return before
        return None

    def _call(self, node: ast.Call, depth: int) -> str | None:
        name = dotted(node.func)
        last = name.rpartition(".")[2] if name else node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in {"os.getenv", "getenv", "os.environ.get", "environ.get"} and node.args:
            variable = self.text(node.args[0], depth + 1)
            return self.environ.get(variable) if variable else None
        if name in {"os.getcwd", "getcwd", "Path.cwd", "pathlib.Path.cwd"}:
            return self.folder
        if name and last in _JOINS and not node.keywords:
            parts = self._texts(list(node.args), depth)
            return None if not parts else _JOINS[last](parts)
        if isinstance(node.func, ast.Attribute) and last in _OF_A_PATH:
            before = self._texts([node.func.value, *node.args], depth)
            return None if before is None else posixpath.join(*before)
        return None


def _made_absolute(parts: list[str]) -> str:
    return parts[0]


_JOINS: dict[str, Callable[[list[str]], str]] = {
    "join": lambda parts: posixpath.join(*parts),
    "Path": lambda parts: posixpath.join(*parts),
    "PurePath": lambda parts: posixpath.join(*parts),
    "PosixPath": lambda parts: posixpath.join(*parts),
    "dirname": lambda parts: posixpath.dirname(parts[0]) or ".",
    "basename": lambda parts: posixpath.basename(parts[0]),
    "normpath": lambda parts: posixpath.normpath(parts[0]),
    "abspath": _made_absolute,
    "realpath": _made_absolute,
    "expanduser": _made_absolute,
    "fspath": _made_absolute,
    "str": _made_absolute,
}
_OF_A_PATH = {"resolve", "absolute", "joinpath", "as_posix", "expanduser"}


def assigned_once(tree: ast.Module) -> dict[str, ast.expr]:
    """What is assigned to each name of a file, where that happens once and without a condition of its own."""
    found: dict[str, ast.expr] = {}
    twice: set[str] = set()
    for node in ast.walk(tree):
        targets = _targets(node)
        for name in (child.id for target in targets for child in ast.walk(target) if isinstance(child, ast.Name)):
            twice |= {name} & found.keys()
            value = getattr(node, "value", None)
            plain = isinstance(node, ast.Assign | ast.AnnAssign) and [type(target) for target in targets] == [ast.Name]
            found[name] = value if plain and isinstance(value, ast.expr) else ast.Constant(None)
    return {name: value for name, value in found.items() if name not in twice}


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, ast.AnnAssign | ast.AugAssign | ast.For | ast.NamedExpr | ast.comprehension):
        return [node.target]
    return []
