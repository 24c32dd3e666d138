"""Which names a module binds when it is loaded, and with what, read from its syntax tree."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Binding: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign | ast.stmt
"""The statement that binds a name: a definition, an assignment, an import, a loop."""

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def bindings_of(tree: ast.Module) -> dict[str, list[Binding]]:
    """For each name the statements that may bind it last; `*` when a star import may bind any name.

    A statement at the top level replaces the ones before it. One inside `if`, `try`, `with`, `for`, `while` or
    `match` may or may not run, and is added to them.
    """
    found: dict[str, list[Binding]] = {}
    for statement in tree.body:
        certain = not _is_block(statement)
        for name, binding in _bound(statement):
            before = [] if certain else found.get(name, [])
            found[name] = [*before, binding]
        for name in _deleted(statement):
            found.pop(name, None)
    return found


def _is_block(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If | ast.Try | ast.TryStar | ast.With | ast.For | ast.While | ast.Match)


def _deleted(statement: ast.stmt) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Delete) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _bound(node: ast.stmt) -> Iterator[tuple[str, Binding]]:
    """Names bound by a statement and, when it is a block, by the statements in it."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name, node
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((_import_name(node, alias), node) for alias in node.names)
        return
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return
    yield from ((name, node) for name in _stored(node))
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield from _bound(child)
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            for statement in child.body:
                yield from _bound(statement)


def _import_name(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    if alias.asname:
        return alias.asname
    return alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name


def _stored(node: ast.AST) -> Iterator[str]:
    """Names that the statement's own expressions bind: targets of `=`, `for`, `with ... as`, `:=`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        if not isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case, *_SCOPES)):
            yield from _stored(child)
