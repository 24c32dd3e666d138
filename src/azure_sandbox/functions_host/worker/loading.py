"""Functions of the v1 programming model: a script, an entry point, and the bindings that it takes."""

from __future__ import annotations

import importlib
import importlib.machinery
import inspect
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

NAMESPACE = "__app__"
"""The package that the app's folders are imported under."""


class FunctionNotLoaded(Exception):
    """A function cannot be loaded. The text says why."""


@dataclass(frozen=True, slots=True)
class LoadedFunction:
    """A function, ready to be called.

    Attributes:
        name: Its name.
        folder: Its folder.
        call: The user's callable.
        is_async: Whether it is a coroutine function.
        trigger: The name of the trigger's parameter.
        outputs: Output bindings by name, `$return` left out.
        returns: The binding type of `$return`; empty when there is none.
        wants_context: Whether it takes the invocation's context.
    """

    name: str
    folder: str
    call: Callable[..., Any]
    is_async: bool
    trigger: str
    outputs: dict[str, str]
    returns: str
    wants_context: bool


def load_function(head: dict[str, Any], app: Path) -> LoadedFunction:
    """Import the script and check the callable against the bindings.

    Args:
        head: The host's `load` message: `name`, `folder`, `script`, `entryPoint`, `bindings`.
        app: The app's root.

    Raises:
        FunctionNotLoaded: The script or the callable does not fit.
        BaseException: Whatever the user's module raises while it is imported.
    """
    name, entry = head["name"], head["entryPoint"]
    script = Path(head["script"])
    module = importlib.import_module(_module_name(name, script, app))
    call = getattr(module, entry, None)
    if not callable(call):
        message = f"cannot load function {name}: function {entry}() is not present in {script.relative_to(app)}"
        raise FunctionNotLoaded(message)
    trigger, outputs, returns = _sort_bindings(name, head["bindings"])
    wants_context = _check_parameters(name, call, trigger, outputs)
    is_async = inspect.iscoroutinefunction(call)
    return LoadedFunction(name, head["folder"], call, is_async, trigger, outputs, returns, wants_context)


def _module_name(name: str, script: Path, app: Path) -> str:
    """`__app__.score` for score/__init__.py, `__app__.shared.model` for shared/model.py."""
    if not script.is_relative_to(app):
        message = f"cannot load function {name}: script path {script} is not below {app}"
        raise FunctionNotLoaded(message)
    if script.suffix != ".py":
        message = f"cannot load function {name}: invalid Python filename {script.name}"
        raise FunctionNotLoaded(message)
    _register_app(app)
    relative = script.relative_to(app).with_suffix("")
    parts = relative.parts[:-1] if relative.name == "__init__" else relative.parts
    return ".".join((NAMESPACE, *parts))


def _register_app(app: Path) -> None:
    """Make `__app__` a namespace package over the app's root."""
    package = sys.modules.get(NAMESPACE)
    if package is None:
        package = types.ModuleType(NAMESPACE)
        package.__path__ = [str(app)]
        package.__spec__ = importlib.machinery.ModuleSpec(NAMESPACE, None, is_package=True)
        sys.modules[NAMESPACE] = package


def _sort_bindings(name: str, bindings: list[dict[str, Any]]) -> tuple[str, dict[str, str], str]:
    trigger, outputs, returns = "", {}, ""
    for binding in bindings:
        kind, parameter = str(binding.get("type", "")), str(binding.get("name", ""))
        if kind.lower().endswith("trigger"):
            trigger = parameter
        elif parameter == "$return":
            returns = kind
        elif str(binding.get("direction", "in")).lower() == "out":
            outputs[parameter] = kind
        else:
            message = f"cannot load function {name}: the sandbox has no input binding of type {kind}"
            raise FunctionNotLoaded(message)
    return trigger, outputs, returns


def _check_parameters(name: str, call: Callable[..., Any], trigger: str, outputs: dict[str, str]) -> bool:
    """Compare the callable's parameters with function.json, both ways; whether it takes `context`."""
    parameters = dict(inspect.signature(call).parameters)
    wants_context = "context" in parameters and "context" not in {trigger, *outputs}
    declared = set(parameters) - ({"context"} if wants_context else set())
    bound = {trigger, *outputs}
    if missing := sorted(declared - bound):
        message = (
            f"cannot load the {name} function: the following parameters are declared in Python "
            f"but not in function.json: {missing}"
        )
        raise FunctionNotLoaded(message)
    if missing := sorted(bound - declared):
        message = (
            f"cannot load the {name} function: the following parameters are declared in function.json "
            f"but not in Python: {missing}"
        )
        raise FunctionNotLoaded(message)
    return wants_context
