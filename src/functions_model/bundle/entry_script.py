"""The entry script, checked by reading its syntax tree. It is never imported: that could do anything.

What is asked of `init` and `run` is what Azure ML's inference server asks (its `UserScript`, version 1.5).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from functions_model.core.failures import Location, Problem
from functions_model.core.python_trees import parse_python
from functions_model.core.spec import Code
from functions_model.image.opened import MOST_SOURCE, read_whole, remedy_for

Binding: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign | ast.stmt
"""The statement that binds a name: a definition, an assignment, an import, a loop."""

_BLOCKS = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def bindings_of(tree: ast.Module) -> dict[str, list[Binding]]:
    """For each name the statements that may bind it last; `*` when a star import may bind any name.

    A statement at the top level replaces the ones before it. One inside `if`, `try`, `with`, `for`, `while` or
    `match` may or may not run, and is added to them.
    """
    found: dict[str, list[Binding]] = {}
    for statement in tree.body:
        certain = not isinstance(statement, _BLOCKS)
        for name, binding in _bound(statement):
            before = [] if certain else found.get(name, [])
            found[name] = [*before, binding]
        for name in _deleted(statement):
            found.pop(name, None)
    return found


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
            if isinstance(child, ast.match_case):
                yield from ((name, node) for name in _captured(child))
            for statement in child.body:
                yield from _bound(statement)


def _captured(case: ast.match_case) -> Iterator[str]:
    """Names that a case binds: `case [first, *rest] if (n := len(rest))`."""
    for part in ast.walk(case.pattern):
        name = part.rest if isinstance(part, ast.MatchMapping) else getattr(part, "name", None)
        if name:
            yield name
    if case.guard:
        yield from _stored(case.guard)


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


Fault: TypeAlias = tuple[str, str, int]
"""What is wrong, what to do, and the line."""
HEADERS = "request_headers"
"""The argument that the server fills with the request's headers, wherever it stands."""
RAW = "rawhttp"
SCHEMA = frozenset({"input_schema", "output_schema"})

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def init_faults(binding: Binding) -> list[Fault]:
    """What keeps `init` from being called as `init()`."""
    if not isinstance(binding, Function):
        return _value_faults("init", binding)
    faults = _async_faults("init", binding)
    if not binding.decorator_list and (needed := _required(binding)):
        what = f"`init` needs arguments: {_listed(needed)}"
        faults.append((what, "Azure ML calls `init()`. Give each argument a default, or none.", binding.lineno))
    return faults


def run_faults(binding: Binding) -> list[Fault]:
    """What keeps `run` from being called with the data of one request."""
    if not isinstance(binding, Function):
        return _value_faults("run", binding)
    names = {_decorator_name(decorator) for decorator in binding.decorator_list}
    faults = _async_faults("run", binding)
    if names <= SCHEMA | {RAW}:  # any other decorator may change what it takes
        faults += _decorator_faults(binding, names) + _argument_faults(binding, names)
    return faults


def _value_faults(name: str, binding: Binding) -> list[Fault]:
    value = binding.value if isinstance(binding, ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.Constant | ast.List | ast.Dict | ast.Set | ast.JoinedStr):
        return [(f"`{name}` is not a function", f"Define `def {name}(...):` at module level.", binding.lineno)]
    return []


def _async_faults(name: str, function: Function) -> list[Fault]:
    if isinstance(function, ast.AsyncFunctionDef):
        what = f"`{name}` is async, and the inference server does not await it"
        return [(what, f"Write `def {name}`; use `asyncio.run` inside it.", function.lineno)]
    if _yields(function):
        what = f"`{name}` is a generator: its body does not run when it is called"
        return [(what, "Use `return` instead of `yield`.", function.lineno)]
    return []


def _yields(function: ast.AST) -> bool:
    return any(
        isinstance(child, ast.Yield | ast.YieldFrom) or (not isinstance(child, _SCOPES) and _yields(child))
        for child in ast.iter_child_nodes(function)
    )


def _decorator_name(decorator: ast.expr) -> str:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _decorator_faults(function: Function, names: set[str]) -> list[Fault]:
    if RAW in names and names & SCHEMA:
        what = "`run` has both `@rawhttp` and a schema decorator"
        return [(what, "Keep one: the inference server takes either raw requests or a schema.", function.lineno)]
    return []


def _argument_faults(function: Function, names: set[str]) -> list[Fault]:
    arguments = function.args
    line = function.lineno
    if arguments.posonlyargs or arguments.vararg or arguments.kwarg:
        what = "`run` has positional-only arguments, `*args` or `**kwargs`"
        return [(what, "The inference server passes arguments by name. Name each of them.", line)]
    data = [argument.arg for argument in (*arguments.args, *arguments.kwonlyargs) if argument.arg != HEADERS]
    if not data:
        also = f" besides `{HEADERS}`" if arguments.args or arguments.kwonlyargs else ""
        return [(f"`run` has no data argument{also}", "Write `def run(data):`.", line)]
    extra = [name for name in _required(function) if name not in {HEADERS, data[0]}]
    if extra and not names & SCHEMA:
        what = f"`run` needs more than the data: {_listed(extra)}"
        return [(what, "Give them defaults, or describe them with `@input_schema`.", line)]
    return []


def _required(function: Function) -> list[str]:
    arguments = function.args
    positional = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    needed = positional[: len(positional) - len(arguments.defaults)]
    by_name = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return needed + [argument.arg for argument, default in by_name if default is None]


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


REMEDIES = {
    "init": "Define `def init():` at module level; it loads the model once.",
    "run": "Define `def run(data):` at module level; it scores one request.",
}


def check_entry_script(code: Code, *, python_version: str | None = None) -> tuple[Problem, ...]:
    """Everything that would keep Azure ML's inference server from using the script, in the order of the lines.

    Args:
        code: Names the script; problems carry its path as the user wrote it.
        python_version: The minor that will run it (`3.11`), when it is known. Older syntax rules are applied; newer
            syntax than this interpreter's own cannot be read, and is told as such.

    Returns:
        The problems; none when the script fits.
    """
    file = Path(code.entry_script_input)
    faults = _faults(code.entry_script, python_version)
    return tuple(
        Problem(what, remedy, "entry-script", Location(file, line or None))
        for what, remedy, line in sorted(faults, key=lambda fault: fault[2])
    )


def _faults(path: Path, python_version: str | None) -> list[Fault]:
    try:
        source = read_whole(path, MOST_SOURCE)
    except OSError as problem:
        return [(f"the file cannot be read: {problem.strerror}", remedy_for(problem), 0)]
    try:
        tree = _parse(source, python_version)
    except (SyntaxError, ValueError) as problem:
        return [_unreadable(source, problem, python_version)]
    try:
        found = bindings_of(tree)
    except RecursionError:  # Python itself runs what is nested a little deeper than can be looked through
        return []
    return [*_function_faults("init", found, init_faults), *_function_faults("run", found, run_faults)]


def _parse(source: bytes, python_version: str | None) -> ast.Module:
    return parse_python(source, int(python_version.split(".")[1])) if python_version else parse_python(source)


def _unreadable(source: bytes, problem: Exception, python_version: str | None) -> Fault:
    if b"\0" in source:
        # Python versions differ in the error they raise for it, and in its words.
        return "it is not Python: it contains null bytes", "Check that the right file is named.", 0
    if not isinstance(problem, SyntaxError):
        return "it is not Python: " + str(problem), "Check that the right file is named.", 0
    try:
        source.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        if "encod" in str(problem) or "codec" in str(problem) or "UTF-8" in str(problem):
            line = source.count(b"\n", 0, wrong.start) + 1
            return "it is not UTF-8 text", "Save it as UTF-8, or name its encoding in the first line.", line
    return _syntax_fault(problem, python_version)


def _syntax_fault(problem: SyntaxError, python_version: str | None) -> Fault:
    own = sys.version_info.minor
    remedy = "Fix this line."
    if python_version and int(python_version.split(".")[1]) > own:
        remedy = f"Fix this line, or run this check with Python {python_version}: here it reads as Python 3.{own}."
    return f"it is not valid Python: {problem.msg}", remedy, problem.lineno or 0


def _function_faults(
    name: str, found: dict[str, list[Binding]], judge: Callable[[Binding], list[Fault]]
) -> list[Fault]:
    """The faults of one of the two functions; of several definitions, one that fits is enough."""
    candidates = found.get(name, [])
    if not candidates:
        if "*" in found:
            return []
        return [(f"it has no `{name}` function", REMEDIES[name], 0)]
    judged = [judge(candidate) for candidate in candidates]
    return judged[-1] if all(judged) else []
