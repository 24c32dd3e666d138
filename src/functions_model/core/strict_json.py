"""JSON of others: parsed with one kind of error, into what can be walked through, counted with and written again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

_DEEPEST = 200
"""Levels. No service nests as deep; each level costs whoever walks through it a call or more, of Python's thousand."""
TOO_DEEP = f"it is nested deeper than {_DEEPEST} levels"


def parse_json(content: bytes | str) -> Any:
    """What a JSON text holds; every text of it can be encoded, every number is finite.

    Raises:
        ValueError: It is none, or is nested deeper than any service does it. The text says so, a clause.
    """
    text = _decoded(content) if isinstance(content, bytes) else content
    try:
        document = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as exc:
        raise ValueError(TOO_DEEP) from exc
    if text.count("[") + text.count("{") > _DEEPEST and _is_deep(document):
        raise ValueError(TOO_DEEP)
    return _encodable(document) if _SURROGATE.search(text) else document


_SURROGATE = re.compile(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")


def _decoded(content: bytes) -> str:
    try:
        return content.decode(json.detect_encoding(content))
    except UnicodeDecodeError as exc:
        message = f"it is not text in {exc.encoding}"
        raise ValueError(message) from exc


def _no_number(constant: str) -> NoReturn:
    message = f"`{constant}` is no number of JSON"
    raise ValueError(message)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        _no_number(digits[:20])
    return number


def _is_deep(document: Any) -> bool:
    level = [document]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _within(outer)]
        if not level:
            return False
    return True


def _within(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _encodable(document: Any) -> Any:
    """With a question mark for each half of a pair: nothing could be done with such a text, not even show it."""
    return json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
