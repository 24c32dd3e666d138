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

from .signature import FunctionNotLoaded, Signature, read_signature

if TYPE_CHECKING:
    from collections.abc import Callable

NAMESPACE = "__app__"
"""The package that the app's folders are imported under."""


@dataclass(frozen=True, slots=True)
class LoadedFunction:
    """A function, ready to be called.

    Attributes:
        name: Its name.
        folder: Its folder.
        call: The user's callable.
        is_async: Whether it is a coroutine function.
        signature: What it takes and gives.
    """

    name: str
    folder: str
    call: Callable[..., Any]
    is_async: bool
    signature: Signature


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
    signature = read_signature(name, call, head["bindings"])
    return LoadedFunction(name, head["folder"], call, inspect.iscoroutinefunction(call), signature)


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
