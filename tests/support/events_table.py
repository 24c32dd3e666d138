"""The table of events, from their classes."""

from __future__ import annotations

import dataclasses
import inspect
import pkgutil
import re
from importlib import import_module

from functions_model import pipeline
from functions_model.pipeline.events import Event

_ATTRIBUTE = re.compile(r"^(\w+): (.*(?:\n +.*)*)", re.MULTILINE)


def all_events() -> list[type[Event]]:
    """Each kind of event that the pipeline tells: those of `pipeline.events` first, in the order of the code."""
    names = sorted(
        (module.name for module in pkgutil.iter_modules(pipeline.__path__)), key=lambda name: name != "events"
    )
    modules = [import_module(f"{pipeline.__name__}.{name}") for name in names]
    return [kind for module in modules for kind in vars(module).values() if _is_defined_in(module.__name__, kind)]


def events_table() -> str:
    """A row for each event: its name, what it means, and what it holds."""
    rows = [_row(kind) for kind in all_events()]
    return "\n".join(["| event | what it means | what it holds |", "| --- | --- | --- |", *rows, ""])


def _is_defined_in(module: str, kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Event) and kind is not Event and kind.__module__ == module


def _row(kind: type[Event]) -> str:
    meaning, _, attributes = inspect.cleandoc(kind.__doc__ or "").partition("\n\nAttributes:\n")
    said = {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(inspect.cleandoc(attributes))}
    held = [f"`{name}`: {said[name]}" if name in said else f"`{name}`" for name in _fields(kind)]
    return f"| `{kind.__name__}` | {' '.join(meaning.split())} | {'<br>'.join(held)} |"


def _fields(kind: type[Event]) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]
