"""Functions as the host finds them: one folder each, with a function.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .routes import RouteTemplate, compile_route
from .triggers import WARMUP, Triggered, check_bindings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WARMUP_FUNCTION = "warmup"
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT")
_LEVELS = ("anonymous", "function", "admin")


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    Attributes:
        name: Its folder's name.
        folder: Its folder.
        config: function.json as it is.
        script: The Python file; None when it was not found.
        entry_point: The name of the callable.
        route: Where it answers; None for other triggers than HTTP.
        methods: HTTP methods that it takes.
        level: `anonymous`, `function` or `admin`.
        disabled: Switched off, in function.json or by a setting.
        errors: Why it cannot be loaded; empty when it can.
        triggered: What its listener needs; None for an HTTP trigger, and where there are errors.
        warms_up: It is called when the platform asks for `/admin/warmup`: by its name and its trigger.
    """

    name: str
    folder: Path
    config: dict[str, Any]
    script: Path | None
    entry_point: str
    route: RouteTemplate | None
    methods: tuple[str, ...]
    level: str
    disabled: bool
    errors: tuple[str, ...]
    triggered: Triggered | None
    warms_up: bool = False


def find_functions(root: Path, prefix: str, environ: Mapping[str, str]) -> tuple[Function, ...]:
    """Every function below the app's root, sorted by name. One that is malformed carries its errors."""
    files = sorted(root.glob("*/function.json")) if root.is_dir() else []
    return tuple(_read_function(path, prefix, environ) for path in files)


def _read_function(path: Path, prefix: str, environ: Mapping[str, str]) -> Function:
    folder, errors = path.parent, []
    config: dict[str, Any] = {}
    try:
        read = json.loads(path.read_text(encoding="utf-8-sig"))
        config = read if isinstance(read, dict) else {}
    except ValueError as error:
        errors.append(f"Unable to parse {path.name} of function '{folder.name}': {error}")
    bindings = _bindings(config)
    trigger = _trigger(bindings)
    if trigger is None:
        errors.append(f"The binding of function '{folder.name}' has no trigger.")
    script = _script(folder, config)
    if script is None:
        errors.append(f"Unable to determine the script file of function '{folder.name}'.")
    route: RouteTemplate | None = None
    methods: tuple[str, ...] = METHODS
    level = "function"
    if trigger is not None and str(trigger.get("type", "")).lower() == "httptrigger":
        methods = _methods(trigger)
        level = str(trigger.get("authLevel", "function")).lower()
        if level not in _LEVELS:
            errors.append(f"authLevel '{level}' of function '{folder.name}' is not anonymous, function or admin.")
        own = str(trigger.get("route") or folder.name)
        if own.strip("/").lower().startswith(("admin", "runtime")):  # whatever the prefix: ScriptHost.cs:918
            errors.append("The specified route conflicts with one or more built in routes.")
        try:
            route = compile_route(prefix, own)
        except ValueError as error:
            errors.append(str(error))
    triggered, problems = check_bindings(folder.name, bindings, environ)
    return Function(
        name=folder.name,
        folder=folder,
        config=config,
        script=script,
        entry_point=str(config.get("entryPoint") or "main"),
        route=route,
        methods=methods,
        level=level,
        disabled=_disabled(folder.name, config, environ),
        errors=(*errors, *problems),
        triggered=triggered,
        warms_up=_warms_up(folder.name, trigger),
    )


def _bindings(config: dict[str, Any]) -> list[dict[str, Any]]:
    given = config.get("bindings")
    return [entry for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []


def _trigger(bindings: list[dict[str, Any]]) -> dict[str, Any] | None:
    triggers = [entry for entry in bindings if str(entry.get("type", "")).lower().endswith("trigger")]
    return triggers[0] if triggers else None


def _warms_up(name: str, trigger: dict[str, Any] | None) -> bool:
    """Under another name it is never called: Azure/azure-functions-host, ScriptJobHostExtensions.cs, IsWarmupFunction.

    It is no error on any plan: WebScriptHostHttpRoutesManager.cs has a route for it on all but Consumption.
    """
    kind = str(trigger.get("type", "")).lower() if trigger else ""
    return kind == WARMUP and name.lower() == WARMUP_FUNCTION


def _methods(trigger: dict[str, Any]) -> tuple[str, ...]:
    given = trigger.get("methods")
    return tuple(str(method).upper() for method in given) if isinstance(given, list) and given else METHODS


def _script(folder: Path, config: dict[str, Any]) -> Path | None:
    """`scriptFile` relative to the function's folder; else __init__.py, main.py, or the only Python file there."""
    if config.get("scriptFile"):
        named = folder.joinpath(str(config["scriptFile"])).resolve()
        return named if named.is_file() else None
    for name in ("__init__.py", "main.py"):
        if (folder / name).is_file():
            return folder / name
    scripts = sorted(folder.glob("*.py"))
    return scripts[0] if len(scripts) == 1 else None


def _disabled(name: str, config: dict[str, Any], environ: Mapping[str, str]) -> bool:
    # Linux containers cannot always carry a dot in a variable's name; underscores mean the same.
    settings = {f"azurewebjobs.{name}.disabled".lower(), f"azurewebjobs_{name}_disabled".lower()}
    for key, value in environ.items():
        if settings & {key.lower(), key.lower().replace("__", ".")}:
            return value.strip().lower() in {"true", "1"}
    return config.get("disabled") is True
