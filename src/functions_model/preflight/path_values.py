"""Paths below the model's folder that a script writes as constants: what its expressions can mean, by reading alone."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

VARIABLE = "AZUREML_MODEL_DIR"
_ROOT = "\0"
"""Stands for the variable's value in texts; no path has it."""
_MOST = 8
"""Values of one expression that are followed. A name that has more of them is not known."""

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Values: TypeAlias = frozenset[str | None]
"""What an expression can be: texts, with `_ROOT` in the place of the variable; None: something that is not known."""
_NOT_KNOWN: Values = frozenset({None})
_SAME = frozenset({"str", "Path", "PurePath", "PosixPath", "fspath", "abspath", "realpath", "normpath", "expanduser"})
"""Calls that give the path that they get."""
_SAME_METHODS = frozenset({"resolve", "absolute", "as_posix", "expanduser", "__str__", "strip"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What is assigned to names in a module or a function.

    Attributes:
        assigned: Every expression that a name is set to; None for what is no expression: an argument, a loop.
        above: What holds for names that are not assigned here.
    """

    assigned: dict[str, list[ast.expr | None]]
    above: Scope | None = None
    open: set[str] = field(default_factory=set)

    def values(self, node: ast.expr) -> Values:
        """What an expression can be."""
        found = self._values(node)
        return found if len(found) <= _MOST else _NOT_KNOWN

    def below(self, node: ast.expr) -> frozenset[str]:
        """The paths below the model's folder that it can be, without a slash in front; the folder itself is empty."""
        return frozenset(path for value in self.values(node) if (path := _below(value)) is not None)

    def is_below(self, node: ast.expr) -> str | None:
        """The one path below the model's folder that it is; None when it may be something else."""
        values = self.values(node)
        return _below(next(iter(values))) if len(values) == 1 else None

    def _values(self, node: ast.expr) -> Values:
        found = _NOT_KNOWN
        match node:
            case ast.Constant(value=str() as text):
                found = frozenset({text})
            case ast.Name(id=name):
                found = self._of_name(name)
            case ast.Subscript(value=ast.Name(id="environ") | ast.Attribute(attr="environ"), slice=key):
                found = self._of_variable(key)
            case ast.BinOp(op=ast.Add() | ast.Div() as sign):
                how = _added if isinstance(sign, ast.Add) else posixpath.join
                found = _joined(how, self.values(node.left), self.values(node.right))
            case ast.BoolOp(op=ast.Or()):
                first = self.values(node.values[0])
                found = first if first == {_ROOT} else first.union(*map(self.values, node.values[1:]))
            case ast.IfExp():
                found = self.values(node.body) | self.values(node.orelse)
            case ast.JoinedStr():
                found = _joined(_added, *map(self._of_part, node.values))
            case ast.Call(args=[], func=ast.Attribute(value=of, attr=name)) if name in _SAME_METHODS:
                found = self.values(of)
            case ast.Call(args=[_, *_], keywords=[]):
                found = self._of_call(node)
        return found

    def _of_part(self, part: ast.expr) -> Values:
        """A part of an f-string: a text, or what stands in braces, unless it is formatted."""
        if isinstance(part, ast.FormattedValue):
            return self.values(part.value) if part.format_spec is None else _NOT_KNOWN
        return self.values(part)

    def _of_name(self, name: str) -> Values:
        if name not in self.assigned:
            return self.above.values(ast.Name(name)) if self.above else _NOT_KNOWN
        if name in self.open:
            return _NOT_KNOWN  # it is set to something made of itself
        self.open.add(name)
        try:
            parts = [self.values(node) if node else _NOT_KNOWN for node in self.assigned[name]]
        finally:
            self.open.discard(name)
        return frozenset[str | None]().union(*parts)

    def _of_variable(self, key: ast.expr) -> Values:
        return frozenset({_ROOT}) if self.values(key) == {VARIABLE} else _NOT_KNOWN

    def _of_call(self, call: ast.Call) -> Values:
        name, arguments = called(call), call.args
        of = call.func.value if isinstance(call.func, ast.Attribute) else None
        if name == "getenv" or (name == "get" and _is_environ(of)):
            return self._of_variable(arguments[0])
        if name in _SAME and len(arguments) == 1:
            return self.values(arguments[0])
        parts = list(map(self.values, arguments))
        if name == "joinpath" and of:
            return _joined(posixpath.join, self.values(of), *parts)
        # The `join` of a text is another one.
        is_path = name in {"join", "Path"} and not isinstance(of, ast.Constant | ast.JoinedStr)
        return _joined(posixpath.join, *parts) if is_path else _NOT_KNOWN


def called(call: ast.Call) -> str:
    """The last part of what is called: `join` of `os.path.join`; empty where that has no name."""
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _is_environ(of: ast.expr | None) -> bool:
    return (isinstance(of, ast.Name) and of.id == "environ") or (isinstance(of, ast.Attribute) and of.attr == "environ")


def _added(*parts: str) -> str:
    return "".join(parts)


def _joined(how: Callable[..., str], *parts: Values) -> Values:
    if any(None in part for part in parts):
        return _NOT_KNOWN
    return frozenset(how(*texts) for texts in product(*parts))


def _below(value: str | None) -> str | None:
    if value is None or not (value == _ROOT or value.startswith(_ROOT + "/")) or value.count(_ROOT) > 1:
        return None
    path = posixpath.normpath(value.replace(_ROOT, ".", 1))
    return "" if path == "." else path


def scopes_of(tree: ast.Module) -> dict[ast.AST, Scope]:
    """The scope of the module, and of each function in it, however deep."""
    module = Scope(_assigned(tree))
    found: dict[ast.AST, Scope] = {tree: module}
    _add_scopes(tree, module, module, found)
    return found


def _add_scopes(node: ast.AST, scope: Scope, module: Scope, found: dict[ast.AST, Scope]) -> None:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function):
            _add_scopes(child, scope, module, found)
            continue
        assigned = _assigned(child)
        for name in _globals(child) & set(assigned):
            module.assigned.setdefault(name, []).extend(assigned.pop(name))
        every = (*child.args.posonlyargs, *child.args.args, *child.args.kwonlyargs, child.args.vararg, child.args.kwarg)
        for argument in filter(None, every):
            assigned.setdefault(argument.arg, []).append(None)
        found[child] = Scope(assigned, scope)
        _add_scopes(child, found[child], module, found)


def _globals(function: Function) -> set[str]:
    return {name for node in own_nodes(function) if isinstance(node, ast.Global) for name in node.names}


def _assigned(scope: ast.AST) -> dict[str, list[ast.expr | None]]:
    found: dict[str, list[ast.expr | None]] = {}
    whole: set[ast.expr] = set()
    for node in own_nodes(scope):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    whole.add(target)
                    found.setdefault(target.id, []).extend([node.value] if node.value else [])
    for node in own_nodes(scope):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and node not in whole:
            found.setdefault(node.id, []).append(None)
    return found


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Every node of a module or function but those of functions in it."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from own_nodes(child)
