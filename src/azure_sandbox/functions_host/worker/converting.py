"""Values between frames and functions, by the converters that `azure.functions` itself has for each binding."""

from __future__ import annotations

import importlib
from typing import Any

GENERIC = "generic"
"""Text and bytes as they are: what a parameter annotated `str` or `bytes` gets."""


class ConversionFailed(Exception):
    """A value does not fit its binding. The text says why."""


class Generic:
    """The converter of bindings that `azure.functions` has none for. The names are those of its converters."""

    @staticmethod
    def check_input_type_annotation(annotation: type) -> bool:
        """Whether a parameter may be annotated so."""
        return issubclass(annotation, (str, bytes))

    @staticmethod
    def check_output_type_annotation(annotation: type) -> bool:
        """Whether an output may be annotated so."""
        return issubclass(annotation, (str, bytes, bytearray))

    @staticmethod
    def has_trigger_support() -> bool:
        """Whether it wants what the trigger tells beside the value."""
        return False

    @staticmethod
    def decode(data: Any, *, trigger_metadata: object) -> object:  # noqa: ARG004 - the converters' form
        """The value as it came."""
        return data.value

    @staticmethod
    def encode(value: object, *, expected_type: type | None) -> Any:  # noqa: ARG004 - the converters' form
        """The value as it goes."""
        if isinstance(value, str):
            return _datum("string", value)
        if isinstance(value, (bytes, bytearray)):
            return _datum("bytes", bytes(value))
        raise NotImplementedError


def converter(kind: str) -> Any:
    """The converter of a binding's type. As in the real worker, case counts."""
    return importlib.import_module("azure.functions").get_binding_registry().get(kind) or Generic


def decode(kind: str, told: dict[str, Any], body: bytes) -> Any:
    """What a function gets for its trigger.

    Args:
        kind: Of its converter.
        told: The head of the invocation: whether the content is `text`, and the trigger's `metadata`, a type (`string`
            or `json`) and a text each.
        body: The content.
    """
    value = _datum("string", body.decode(errors="replace")) if told["text"] else _datum("bytes", body)
    chosen = converter(kind)
    metadata = {name: _datum(*pair) for name, pair in told["metadata"].items()}
    return chosen.decode(value, trigger_metadata=metadata if chosen.has_trigger_support() else {})


def encode(kind: str, value: Any, annotation: type | None) -> tuple[str, bytes]:
    """What a function gave for an output: `string` or `bytes`, and its bytes.

    Raises:
        ConversionFailed: The binding does not take such a value.
    """
    try:
        made = converter(kind).encode(value, expected_type=annotation)
    except NotImplementedError:
        message = (
            f'unable to encode outgoing TypedData: unsupported type "{kind}" for Python type "{type(value).__name__}"'
        )
        raise ConversionFailed(message) from None
    return made.type, made.value.encode() if isinstance(made.value, str) else bytes(made.value)


def _datum(kind: str, value: object) -> Any:
    return importlib.import_module("azure.functions.meta").Datum(value, kind)
