"""A file of Python as facts, by its syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.util import resolve_name

from functions_model.bundle.entry_script import bindings_of
from functions_model.core.python_trees import parse_python
from functions_model.preflight.conditions import dotted, looks_for_something, truth
from functions_model.preflight.facts import Call, Certainty, Facts, Import, Scope
from functions_model.preflight.paths import assigned_once
from functions_model.preflight.search_path import provided, search_path

_KEPT = 1000
"""Files whose facts are kept: imports and pickles are checked one after the other, and ask for the same."""
_CATCHES = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_ENDS = {"sys.exit", "exit", "quit", "os._exit", "os.abort"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LEAVES = (ast.Return, ast.Continue, ast.Break)
_IMPORTING = {"importlib.import_module", "import_module", "__import__", "importlib.__import__"}
_TOUCHES_THE_PATH = re.compile(rb"sys\.path|import path|addsitedir|meta_path|path_hooks|importer_cache|\binstall\b")
"""What is in a file that changes where modules are looked for; the others are not looked through for it."""
_MAKES_NAMES = {"globals", "globals()", "vars", "locals", "exec", "eval", "setattr", "globals.update"}
_OF_EVERY_MODULE = {"__name__", "__file__", "__doc__", "__path__", "__package__", "__spec__", "__loader__", "__dict__"}


@lru_cache(maxsize=_KEPT)
def read_facts(source: bytes, python: str) -> Facts | None:
    """What a file does; None when it is not Python that can be read here.

    Args:
        source: The file.
        python: The minor that will run it: `3.11`.
    """
    try:
        return _facts(source, parse_python(source), python)
    except (SyntaxError, ValueError, RecursionError):  # Python runs what is nested deeper than can be followed here
        return None


def _facts(source: bytes, tree: ast.Module, python: str) -> Facts:
    reader = _Reader(python)
    reader.scope("", tree.body)
    paths, is_wild = search_path(tree) if _TOUCHES_THE_PATH.search(source) else ((), False)
    return Facts(
        scopes={name: Scope(tuple(found.imports), tuple(found.calls)) for name, found in reader.scopes.items()},
        classes=frozenset(reader.classes),
        paths=paths,
        provided=frozenset(provided(tree) if b"modules" in source else ()),
        is_wild=is_wild,
        names=assigned_once(tree) if paths else {},
        tree=tree,
    )


@dataclass(slots=True)
class _Found:
    imports: list[Import] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


class _Reader:
    """One walk through a file. A scope's statements are read in order, each with how certain it is to run."""

    def __init__(self, python: str) -> None:
        self._python = python
        self.scopes: dict[str, _Found] = {}
        self.classes: list[str] = []
        self._at = ""

    def scope(self, name: str, body: list[ast.stmt]) -> None:
        before, self._at = self._at, name
        self.scopes.setdefault(name, _Found())
        self._body(body, Certainty.CERTAIN)
        self._at = before

    @property
    def _here(self) -> _Found:
        return self.scopes[self._at]

    def _body(self, body: Iterable[ast.stmt], certainty: Certainty) -> None:
        for statement in body:
            self._statement(statement, certainty)
            if _ends_here(statement):
                return
            if _may_leave(statement):
                certainty = min(certainty, Certainty.MAYBE)

    def _statement(self, node: ast.stmt, certainty: Certainty) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._here.imports += _imports(node, certainty)
        elif isinstance(node, _FUNCTIONS):
            self._function(node, certainty)
        elif isinstance(node, ast.ClassDef):
            self._class(node, certainty)
        elif isinstance(node, ast.If):
            self._if(node, certainty)
        elif isinstance(node, ast.Try | ast.TryStar):
            self._try(node, certainty)
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                self._expression(item.context_expr, certainty)
            self._body(node.body, Certainty.NEVER if any(map(_suppresses, node.items)) else certainty)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While | ast.Match):
            self._branching(node, certainty)
        else:
            self._expression(node, certainty)

    def _branching(self, node: ast.For | ast.AsyncFor | ast.While | ast.Match, certainty: Certainty) -> None:
        """Loops, of which one over something is taken to run, and `match`."""
        unsure = min(certainty, Certainty.MAYBE)
        if isinstance(node, ast.Match):
            self._expression(node.subject, certainty)
            for case in node.cases:
                self._body(case.body, unsure)
            return
        runs = truth(node.test, self._python) if isinstance(node, ast.While) else True
        self._expression(node.test if isinstance(node, ast.While) else node.iter, certainty)
        self._body(node.body, certainty if runs else unsure)
        self._body(node.orelse, unsure)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, certainty: Certainty) -> None:
        for outside in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self._expression(outside, certainty)
        if self._at and self._at not in self.classes:
            # A function inside another one: only the run knows whether it is called.
            self._body(node.body, min(certainty, Certainty.MAYBE))
            return
        inside = f"{self._at}.{node.name}" if self._at else node.name
        if certainty is not Certainty.NEVER:
            self.scope(inside, node.body)

    def _class(self, node: ast.ClassDef, certainty: Certainty) -> None:
        for outside in (*node.decorator_list, *node.bases):
            self._expression(outside, certainty)
        if self._at:
            self._body([one for one in node.body if not isinstance(one, _FUNCTIONS)], certainty)
            return
        self.classes.append(node.name)
        self.scopes.setdefault(node.name, _Found())
        before, self._at = self._at, node.name
        self._body(node.body, Certainty.CERTAIN)
        self._at = before
        # The body of a class runs where the class stands.
        body = self.scopes.pop(node.name)
        self._here.imports += [replace(one, certainty=min(one.certainty, certainty)) for one in body.imports]
        self._here.calls += [replace(one, certainty=min(one.certainty, certainty)) for one in body.calls]

    def _if(self, node: ast.If, certainty: Certainty) -> None:
        self._expression(node.test, certainty)
        holds = truth(node.test, self._python)
        if holds is None:
            unsure = Certainty.NEVER if looks_for_something(node.test) else min(certainty, Certainty.MAYBE)
            self._body(node.body, unsure)
            self._body(node.orelse, unsure)
        elif holds:
            self._body(node.body, certainty)
        else:
            self._body(node.orelse, certainty)

    def _try(self, node: ast.Try | ast.TryStar, certainty: Certainty) -> None:
        catching = [handler for handler in node.handlers if _catches(handler)]
        caught = bool(catching) and not all(_gives_up(handler.body) for handler in catching)
        before = len(self._here.imports)
        self._body(node.body, Certainty.NEVER if caught else certainty)
        tried = tuple(one for one in self._here.imports[before:] if not one.instead_of)
        for handler in node.handlers:
            begin = len(self._here.imports)
            self._body(handler.body, certainty if tried and handler in catching else min(certainty, Certainty.MAYBE))
            if tried and handler in catching:
                self._here.imports[begin:] = [replace(one, instead_of=tried) for one in self._here.imports[begin:]]
        self._body(node.orelse, min(certainty, Certainty.MAYBE) if caught else certainty)
        self._body(node.finalbody, certainty)

    def _expression(self, node: ast.AST, certainty: Certainty) -> None:
        """The calls in an expression, and the imports that are calls."""
        if isinstance(node, ast.Lambda):
            certainty = min(certainty, Certainty.MAYBE)
        if isinstance(node, ast.Call):
            self._call(node, certainty)
        for child in ast.iter_child_nodes(node):
            unsure = isinstance(node, ast.IfExp) and child is not node.test
            unsure = unsure or (isinstance(node, ast.BoolOp) and child in node.values[1:])
            self._expression(child, min(certainty, Certainty.MAYBE) if unsure else certainty)

    def _call(self, node: ast.Call, certainty: Certainty) -> None:
        name = dotted(node.func)
        if name in _IMPORTING and node.args and isinstance(node.args[0], ast.Constant):
            module = _resolved(node.args[0].value, node)
            if module:
                self._here.imports.append(Import(module, node.lineno, certainty))
        elif name:
            self._here.calls.append(Call(name, certainty))


def _resolved(module: object, call: ast.Call) -> str:
    """What `importlib.import_module` is asked for: a relative name is one of the package that stands beside it.

    It stays relative where that is the module's own, and is empty where only the run knows it.
    """
    if not isinstance(module, str) or not module.startswith("."):
        return module if isinstance(module, str) else ""
    given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "package")]
    package = given[0] if given else None
    if isinstance(package, ast.Name) and package.id in {"__name__", "__package__"}:
        return module
    beside = package.value if isinstance(package, ast.Constant) else None
    try:
        return resolve_name(module, beside) if isinstance(beside, str) else ""
    except ImportError:
        return ""


def names_of(tree: ast.Module) -> frozenset[str] | None:
    """The names of a module once it was run; None when only the run knows them all."""
    found = {
        *bindings_of(tree),
        *(name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names),
    }
    used = {dotted(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    is_open = {"*", "__getattr__"} & found or _MAKES_NAMES & used
    return None if is_open else frozenset(found | _OF_EVERY_MODULE)


def _imports(node: ast.Import | ast.ImportFrom, certainty: Certainty) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, node.lineno, certainty, alias=alias.asname or "")
        return
    names = tuple((alias.name, alias.asname or alias.name) for alias in node.names)
    yield Import("." * node.level + (node.module or ""), node.lineno, certainty, names)


def _suppresses(item: ast.withitem) -> bool:
    call = item.context_expr
    if not isinstance(call, ast.Call) or dotted(call.func).rpartition(".")[2] != "suppress":
        return False
    return any(dotted(one) in _CATCHES for one in call.args)


def _catches(handler: ast.ExceptHandler) -> bool:
    """Whether a handler takes a failed import."""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(dotted(kind).rpartition(".")[2] in _CATCHES for kind in kinds)


def _gives_up(body: list[ast.stmt]) -> bool:
    """Whether a handler ends with an error in any case."""
    last = body[-1]
    return isinstance(last, ast.Raise) or (isinstance(last, ast.Expr) and _is_end(last.value))


def _is_end(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func) in _ENDS


def _ends_here(statement: ast.stmt) -> bool:
    """Whether nothing behind a statement of the same block runs."""
    return isinstance(statement, (*_LEAVES, ast.Raise)) or (
        isinstance(statement, ast.Expr) and _is_end(statement.value)
    )


def _may_leave(statement: ast.AST, leaves: tuple[type[ast.stmt], ...] = _LEAVES) -> bool:
    """Whether the block that a statement stands in may be left in the midst of it, without an error."""
    if isinstance(statement, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
        return False
    if isinstance(statement, ast.For | ast.AsyncFor | ast.While):
        leaves = (ast.Return,)
    return isinstance(statement, leaves) or any(
        _may_leave(child, leaves)
        for child in ast.iter_child_nodes(statement)
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
    )
