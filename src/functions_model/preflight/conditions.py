"""Conditions in a script that are known before it runs: of the platform, of the Python version, of type checkers."""

from __future__ import annotations

import ast
import enum
import operator
from collections.abc import Callable, Mapping
from typing import Any


class _Unknown(enum.Enum):
    """What only the run knows."""

    UNKNOWN = enum.auto()


UNKNOWN = _Unknown.UNKNOWN

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
_LINUX: dict[str, object] = {
    "TYPE_CHECKING": False,
    "typing.TYPE_CHECKING": False,
    "t.TYPE_CHECKING": False,
    "__name__": "a module",
    "__debug__": True,
    "sys.platform": "linux",
    "os.name": "posix",
    "platform.system()": "Linux",
    "platform.python_implementation()": "CPython",
    "sys.implementation.name": "cpython",
    "six.PY2": False,
    "six.PY3": True,
    "PY2": False,
    "PY3": True,
}
_LATEST = 99
"""Stands for the third number of the Python version, which is not known: newer than any that a script compares with."""
_LOOKS = ("find_spec", "find_loader", "find_module", "is_package_available", "available", "installed", "exists")
"""Words in the names of what looks whether something is there."""


def dotted(node: ast.AST) -> str:
    """`os.path.join` for such an expression, `platform.system()` for a call without arguments; else empty."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    if isinstance(node, ast.Call) and not node.args and not node.keywords:
        called = dotted(node.func)
        return f"{called}()" if called else ""
    return ""


def truth(test: ast.expr, python: str) -> bool | None:
    """Whether a condition holds in the image; None when only the run knows.

    Args:
        test: The condition.
        python: The minor that runs it: `3.11`.
    """
    known = {**_LINUX, **_version(python)}
    found = _value(test, known)
    return None if found is UNKNOWN else bool(found)


def looks_for_something(test: ast.expr) -> bool:
    """Whether a condition asks if a module or a file is there: `importlib.util.find_spec("torch")`."""
    names = (dotted(node).rpartition(".")[2].lower() for node in ast.walk(test))
    return any(word in name for name in names for word in _LOOKS)


def _version(python: str) -> dict[str, object]:
    major, minor = (int(part) for part in python.split("."))
    return {
        "sys.version_info": (major, minor, _LATEST),
        "sys.version_info.major": major,
        "sys.version_info.minor": minor,
    }


def _value(node: ast.expr, known: Mapping[str, object]) -> Any:  # noqa: PLR0911 - one line for each kind of expression
    name = dotted(node)
    if name in known:
        return known[name]
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        values = [_value(one, known) for one in node.elts]
        return UNKNOWN if UNKNOWN in values else tuple(values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        value = _value(node.operand, known)
        return UNKNOWN if value is UNKNOWN else not value
    if isinstance(node, ast.BoolOp):
        return _both(node, [_value(one, known) for one in node.values])
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compared(_value(node.left, known), node.ops[0], _value(node.comparators[0], known))
    if isinstance(node, ast.Subscript):
        return _item(_value(node.value, known), node.slice)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "startswith":
        text, start = _value(node.func.value, known), _value(node.args[0], known) if node.args else UNKNOWN
        return text.startswith(start) if isinstance(text, str) and isinstance(start, str | tuple) else UNKNOWN
    return UNKNOWN


def _both(node: ast.BoolOp, values: list[Any]) -> Any:
    stops = isinstance(node.op, ast.Or)
    if any(value is not UNKNOWN and bool(value) is stops for value in values):
        return stops
    return UNKNOWN if UNKNOWN in values else not stops


def _compared(left: Any, how: ast.cmpop, right: Any) -> Any:
    if UNKNOWN in (left, right):
        return UNKNOWN
    try:
        return _COMPARE[type(how)](left, right)
    except TypeError:
        return UNKNOWN


def _item(value: Any, index: ast.expr) -> Any:
    if not isinstance(value, tuple):
        return UNKNOWN
    if isinstance(index, ast.Constant) and isinstance(index.value, int) and index.value < len(value):
        return value[index.value]
    if isinstance(index, ast.Slice) and index.lower is None and isinstance(index.upper, ast.Constant):
        return value[: index.upper.value] if isinstance(index.upper.value, int) else UNKNOWN
    return UNKNOWN
