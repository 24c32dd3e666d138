"""A function's signature against function.json: the checks of the real worker, with its words."""

from __future__ import annotations

import inspect
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .converting import GENERIC, converter

if TYPE_CHECKING:
    from collections.abc import Callable


class FunctionNotLoaded(Exception):
    """A function cannot be loaded. The text says why."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A parameter, or what a function returns.

    Attributes:
        name: The parameter, or `$return`.
        kind: Which converter serves it: the binding's type, or `generic`.
        annotation: Its type in Python; None when it has none.
    """

    name: str
    kind: str
    annotation: Any


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives.

    Attributes:
        trigger: The trigger's parameter.
        outputs: Parameters that the function sets.
        returns: The binding `$return`; None when there is none.
        wants_context: Whether it takes the invocation's context.
    """

    trigger: Bound
    outputs: tuple[Bound, ...]
    returns: Bound | None
    wants_context: bool


def read_signature(name: str, call: Callable[..., Any], bindings: list[dict[str, Any]]) -> Signature:
    """Compare a callable with its bindings, both ways.

    Raises:
        FunctionNotLoaded: They do not fit.
    """
    parameters = dict(inspect.signature(call).parameters)
    hints = typing.get_type_hints(call)
    bound = {str(one.get("name", "")): one for one in bindings}
    returned = bound.pop("$return", None)
    wants_context = "context" in parameters and "context" not in bound
    if wants_context:
        del parameters["context"]
        if "context" in hints and getattr(hints["context"], "__name__", "") != "Context":
            _refuse(
                name,
                f'the "context" parameter is expected to be of type azure.functions.Context, got {hints["context"]!r}',
            )
    if missing := sorted(set(parameters) - set(bound)):
        _refuse(name, f"the following parameters are declared in Python but not in function.json: {missing}")
    if missing := sorted(set(bound) - set(parameters)):
        _refuse(name, f"the following parameters are declared in function.json but not in Python: {missing}")
    made = {key: _parameter(name, key, binding, hints) for key, binding in bound.items()}
    inputs = [made[key] for key, binding in bound.items() if not _is_out(binding)]
    if len(inputs) != 1:
        _refuse(name, f"the sandbox gives a function its trigger alone, and this one has {len(inputs)} input bindings")
    outputs = tuple(made[key] for key, binding in bound.items() if _is_out(binding))
    return Signature(inputs[0], outputs, _returned(name, returned, hints), wants_context)


def _parameter(name: str, key: str, binding: dict[str, Any], hints: dict[str, Any]) -> Bound:
    kind = str(binding.get("type", ""))
    if key not in hints:
        return Bound(key, kind, None)
    annotation, out = _unwrapped(name, key, hints[key])
    if not isinstance(annotation, type) and typing.get_origin(annotation) is None:
        _refuse(name, f"binding {key} has invalid non-type annotation {hints[key]!r}")
    if _is_out(binding) and not out:
        _refuse(
            name,
            f'binding {key} is declared to have the "out" direction, but its annotation in Python is not a subclass '
            "of azure.functions.Out",
        )
    if out and not _is_out(binding):
        _refuse(
            name,
            f'binding {key} is declared to have the "in" direction in function.json, but its annotation is '
            "azure.functions.Out in Python",
        )
    if annotation in {str, bytes} and not _has_implicit_output(kind):
        kind = GENERIC
    checks = converter(kind)
    if not (checks.check_output_type_annotation if out else checks.check_input_type_annotation)(annotation):
        given = binding.get("type", "")
        _refuse(
            name, f'type of {key} binding in function.json "{given}" does not match its Python annotation {annotation}'
        )
    return Bound(key, kind, annotation)


def _returned(name: str, binding: dict[str, Any] | None, hints: dict[str, Any]) -> Bound | None:
    if binding is None:
        return None
    if not _is_out(binding):
        _refuse(name, '"$return" binding must have direction set to "out"')
    kind = str(binding.get("type", ""))
    annotation = hints.get("return")
    if "return" in hints:
        if not isinstance(annotation, type):
            _refuse(name, f"has invalid non-type return annotation {annotation!r}")
        if not converter(kind).check_output_type_annotation(annotation):
            shown = getattr(annotation, "__name__", annotation)
            _refuse(name, f'Python return annotation "{shown}" does not match binding type "{kind}"')
    return Bound("$return", kind, annotation)


def _unwrapped(name: str, key: str, annotation: Any) -> tuple[Any, bool]:
    """What `Out[...]` holds and True; another annotation as it is and False."""
    origin = typing.get_origin(annotation) or annotation
    if getattr(origin, "__name__", "") != "Out":
        return annotation, False
    held = typing.get_args(annotation)
    if len(held) != 1:
        _refuse(name, f"binding {key} has invalid Out annotation {annotation!r}")
    return held[0], True


def _has_implicit_output(kind: str) -> bool:
    return bool(getattr(converter(kind), "has_implicit_output", lambda: False)())


def _is_out(binding: dict[str, Any]) -> bool:
    return str(binding.get("direction", "in")).lower() == "out"


def _refuse(name: str, why: str) -> typing.NoReturn:
    message = f"cannot load the {name} function: {why}"
    raise FunctionNotLoaded(message)
