"""What is scored when nobody sends a request: bytes, their type, and headers in the words of Azure's own REST APIs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from .exchange import HOP_BY_HOP, REQUEST_ONLY

JSON = "application/json"
BYTES = "application/octet-stream"
MEANINGLESS = frozenset(
    {
        "",
        BYTES,
        "binary/octet-stream",
        # The inference server would take the content apart as a form's fields. It is what plain `curl` says of a file.
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    }
)
"""Types that say nothing about the content: those that clients give by themselves."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name, RFC 9110 section 5.6.2."""
_JSON_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:[{\[\"]|\Z)")
"""An object, a list or a text, perhaps after a byte order mark, or nothing at all."""
_PRINTABLE = re.compile(r"[ -~]*")


@dataclass(frozen=True, slots=True)
class Content:
    """What is scored.

    Attributes:
        name: For messages: "blob `input/a.json`".
        body: The bytes, unchanged.
        content_type: Never empty.
        headers: Names and values, ASCII.
    """

    name: str
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...]


def content_type_of(given: str | None, body: bytes) -> str:
    """The type that was given, when it means something; else JSON for what begins like it, and plain bytes."""
    text = (given or "").strip()
    essence = text.partition(";")[0].strip().lower()
    if essence not in MEANINGLESS and _PRINTABLE.fullmatch(text):
        return text
    return JSON if _JSON_BEGINS.match(body) else BYTES


def is_header_name(name: str) -> bool:
    """Whether a property may be a header: a name that HTTP allows, and that the request itself does not need."""
    return bool(_TOKEN.fullmatch(name)) and name.lower() not in HOP_BY_HOP | REQUEST_ONLY


def header_value(value: Any) -> str:
    """Text of printable ASCII as it is; everything else (numbers, truth values, other text) as JSON in ASCII."""
    if isinstance(value, str) and _PRINTABLE.fullmatch(value):
        return value
    return json.dumps(value, default=str)
