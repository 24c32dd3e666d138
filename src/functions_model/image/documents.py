"""Documents of registries, field by field. They come from outside: a field of another type is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from functions_model.core.strict_json import parse_json

_T = TypeVar("_T")
_NAMES: Mapping[type, str] = {str: "a text", int: "a whole number", list: "a list", dict: "a mapping"}


def parse_object(content: bytes) -> dict[str, Any]:
    """A document that must be a mapping.

    Raises:
        ValueError: It is none; the text says so, a clause.
    """
    try:
        document = parse_json(content)
    except ValueError as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(document, dict):
        message = "it is not a JSON object"
        raise ValueError(message)  # noqa: TRY004 - one kind of error for everything that is wrong with a document
    return document


def field_of(plain: Mapping[str, Any], name: str, kind: type[_T]) -> _T | None:
    """A field's value; None where it is not there, or `null`, as Go writes what is empty.

    Raises:
        ValueError: It is of another type. `true` is no number.
    """
    value = plain.get(name)
    if value is None:
        return None
    if type(value) is not kind:
        raise ValueError(f"its field `{name}` is not {_NAMES[kind]}")
    return value


def needed(plain: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    """The same for a field that must be there.

    Raises:
        ValueError: It is not, or of another type.
    """
    value = field_of(plain, name, kind)
    if value is None:
        raise ValueError(f"it lacks the field `{name}`")
    return value


def texts_of(plain: Mapping[str, Any], name: str) -> dict[str, str]:
    """A field with texts by name; none where it is not there.

    Raises:
        ValueError: It is something else.
    """
    found = field_of(plain, name, dict) or {}
    if not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f"its field `{name}` has something else than texts")
    return found
