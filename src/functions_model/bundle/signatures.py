"""What Azure ML's inference server asks of `init` and `run` (its `UserScript`, version 1.5)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from functions_model.bundle.bindings import Binding

Fault: TypeAlias = tuple[str, str, int]

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
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    return any(
        isinstance(child, ast.Yield | ast.YieldFrom) or (not isinstance(child, inner) and _yields(child))
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
        return [(f"`run` takes no data argument{also}", "Write `def run(data):`.", line)]
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
