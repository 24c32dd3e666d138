"""JSON as the Functions host reads it: with comments and trailing commas, and with the line of each key."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_STRING = r'"(?:\\.|[^"\\\n])*"'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*[}}\]])")
_TOKEN = re.compile(rf"(?P<string>{_STRING})(?P<key>\s*:)?|(?P<open>[{{\[])|(?P<close>[}}\]])|(?P<next>,)")

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommentedJson:
    """A document, read.

    Attributes:
        value: As `json.loads` gives it; of a key that stands twice the last counts.
        lines: For each key, by its path in lower case (`("extensions", "http")`), its line counted from 1.
    """

    value: Any
    lines: dict[KeyPath, int]


def read_commented_json(text: str) -> CommentedJson:
    """Read a document.

    Raises:
        json.JSONDecodeError: It is no JSON; line and column are those of the text.
    """
    plain = _TRAILING_COMMA.sub(_blank, _COMMENT.sub(_blank, text))
    return CommentedJson(json.loads(plain), _key_lines(plain))


def _blank(match: re.Match[str]) -> str:
    """Spaces and line ends in place of what is no string, so that every place stays where it was."""
    return match[1] or re.sub(r"[^\n]", " ", match[0])


def _key_lines(text: str) -> dict[KeyPath, int]:
    """The lines of all keys of objects; what is inside a list has none."""
    lines: dict[KeyPath, int] = {}
    above: list[str] = []
    key = ""
    for token in _TOKEN.finditer(text):
        if token["key"]:
            key = json.loads(token["string"]).lower()
            lines[*above, key] = text.count("\n", 0, token.start()) + 1
        elif token["open"]:
            above.append(key if token["open"] == "{" else f"{key}[]")
        elif token["close"]:
            above.pop()
    return {path[1:]: line for path, line in lines.items() if not any(part.endswith("[]") for part in path)}
