"""Binding expressions: `input/{name}.json` takes a blob's name apart, `output/{name}_out.json` makes one.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .connections import setting

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_SYSTEM = frozenset({"rand-guid", "datetime", "sys.utcnow", "sys.randguid", "sys.methodname"})
_DATE_CODES = {
    "yyyy": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "dddd": "%A", "ddd": "%a", "dd": "%d",
    "HH": "%H", "hh": "%I", "mm": "%M", "ss": "%S", "ffffff": "%f", "tt": "%p",
}  # fmt: skip
"""What .NET calls the parts of a date, and what Python does."""
_DATE_TOKEN = re.compile(r"'[^']*'|([A-Za-z])\1*|.", re.DOTALL)
_LONGEST_BLOB = 1024
_DEFAULT_DATE = "yyyy-MM-ddTHH-mm-ssZ"


class PathInvalid(Exception):
    """A binding's path, or a name in it, cannot be used. The text says why, as the real host does."""


@dataclass(frozen=True, slots=True)
class Expression:
    """`{name}` or `{name:format}`."""

    name: str
    format: str = ""

    @property
    def is_system(self) -> bool:
        """Whether the host gives the value."""
        return self.name.lower() in _SYSTEM


@dataclass(frozen=True, slots=True)
class Template:
    """A text with expressions in it.

    Attributes:
        parts: Texts and expressions in their order.
    """

    parts: tuple[str | Expression, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that need a value from the trigger."""
        return tuple(part.name for part in self.parts if isinstance(part, Expression) and not part.is_system)

    @property
    def prefix(self) -> str:
        """The text before the first expression."""
        return self.parts[0] if self.parts and isinstance(self.parts[0], str) else ""

    def match(self, text: str) -> dict[str, str] | None:
        """The values of the names when the text fits; None when it does not. The first name takes what it can."""
        pieces = [f"(?P<{part.name}>.*)" if isinstance(part, Expression) else re.escape(part) for part in self.parts]
        found = re.fullmatch("".join(pieces), text, re.DOTALL)
        return found.groupdict() if found else None

    def fill(self, values: Mapping[str, Any], function: str, now: dt.datetime | None = None) -> str:
        """The text with a value for each expression.

        Args:
            values: Binding data: from the trigger's path or message. Case does not count in their names.
            function: For `{sys.methodname}`.
            now: For `{DateTime}`.

        Raises:
            PathInvalid: A name has no value.
        """
        moment = now or dt.datetime.now(dt.timezone.utc)  # noqa: UP017 - newer than Python 3.10
        return "".join(part if isinstance(part, str) else _value(part, values, function, moment) for part in self.parts)


def parse_template(text: str) -> Template:
    """Take a text with expressions apart.

    Raises:
        PathInvalid: A brace has no other end, or holds no name.
    """
    parts: list[str | Expression] = []
    for match in _TOKEN.finditer(text):
        token = match.group()
        if match[1] is not None:
            parts.append(_expression(match[1], text))
        elif token in {"{", "}"}:
            message = f"Invalid template '{text}'. The brace '{token}' has no other end."
            raise PathInvalid(message)
        else:
            literal = token[0] if token in {"{{", "}}"} else token
            if parts and isinstance(parts[-1], str):
                parts[-1] += literal
            else:
                parts.append(literal)
    return Template(tuple(parts))


def resolve_settings(text: str, environ: Mapping[str, str]) -> str:
    """The text with the value of each `%SETTING%`.

    Raises:
        PathInvalid: There is no such setting, or a `%` has no other end.
    """
    pieces = text.split("%")
    if len(pieces) % 2 == 0:
        message = f"The '%' at position {text.rindex('%')} does not have a closing '%'"
        raise PathInvalid(message)
    for index in range(1, len(pieces), 2):
        value = setting(pieces[index], environ)
        if not value:
            message = f"'%{pieces[index]}%' does not resolve to a value."
            raise PathInvalid(message)
        pieces[index] = value
    return "".join(pieces)


def split_blob_path(path: str) -> tuple[str, Template]:
    """The container, and the template of the blob's name.

    Raises:
        PathInvalid: It is not `container/blob`.
    """
    container, _, blob = path.strip().lstrip("/").partition("/")
    if not container or not blob:
        message = f"Invalid blob path '{path}'. Paths must be in the format 'container/blob'."
        raise PathInvalid(message)
    return container, parse_template(blob)


def check_blob_name(name: str) -> None:
    """Refuse a blob's name, as the storage extension does before it asks the storage.

    Azure/azure-webjobs-sdk, Extensions.Storage/Blobs/BlobNameValidationAttribute.cs:103-150.

    Raises:
        PathInvalid: It holds a backslash, is too long, or ends badly.
    """
    said = f"The given blob name '{name}'"
    if not 0 < len(name) <= _LONGEST_BLOB:
        message = (
            f"{said} is too {'long' if name else 'short'}. A blob name must be at least one character long and"
            " cannot be more than 1,024 characters long."
        )
        raise PathInvalid(message)
    if name.endswith((".", "/")):
        message = f"{said} has an invalid suffix. Avoid blob names that end with a dot ('.'), a forward slash ('/')."
        raise PathInvalid(message)
    if "\\" in name:
        message = f"{said} contain illegal characters. A blob name cannot the following character(s): '\\'."
        raise PathInvalid(message)


def check_trigger_path(path: str) -> tuple[str, Template]:
    """As `split_blob_path`, for the path of a trigger.

    Raises:
        PathInvalid: It is malformed, its container varies, or a name comes twice.
    """
    container, template = split_blob_path(path)
    expressions = [part for part in template.parts if isinstance(part, Expression)]
    names = [part.name for part in expressions]
    dotted = any("." in name or part.format or part.is_system for name, part in zip(names, expressions, strict=True))
    if "{" in container or "\\" in container or dotted or len(set(names)) != len(names):
        message = (
            f"Invalid blob trigger path '{path}'. Container paths cannot contain {{resolve}} tokens, names are plain."
        )
        raise PathInvalid(message)
    if not names:
        check_blob_name(template.prefix)
    return container, template


def _expression(text: str, whole: str) -> Expression:
    name, _, form = text.partition(":")
    expression = Expression(name.strip(), form)
    if not expression.is_system and not _NAME.fullmatch(expression.name):
        message = f"Invalid template '{whole}'. The parameter name '{text}' is invalid."
        raise PathInvalid(message)
    return expression


def _value(part: Expression, values: Mapping[str, Any], function: str, now: dt.datetime) -> str:
    name = part.name.lower()
    if name in {"rand-guid", "sys.randguid"}:
        return _guid(part.format)
    if name in {"datetime", "sys.utcnow"}:
        return _date(now, part.format or _DEFAULT_DATE)
    if name == "sys.methodname":
        return function
    found: Any = values
    for step in part.name.split("."):
        known = {key.lower(): value for key, value in found.items()} if hasattr(found, "items") else {}
        if known.get(step.lower()) is None:
            message = f"No value for named parameter '{part.name}'."
            raise PathInvalid(message)
        found = known[step.lower()]
    return found if isinstance(found, str) else str(found)


def _guid(form: str) -> str:
    made = uuid.uuid4()
    return {"n": made.hex, "b": f"{{{made}}}", "p": f"({made})"}.get(form.lower(), str(made))


def _date(now: dt.datetime, form: str) -> str:
    def piece(match: re.Match[str]) -> str:
        token = match.group()
        if token.startswith("'") and len(token) > 1:
            return token[1:-1]
        if token in _DATE_CODES:
            return now.strftime(_DATE_CODES[token])
        if set(token) == {"f"}:
            return now.strftime("%f").ljust(7, "0")[: len(token)]
        short = {
            "M": now.month,
            "d": now.day,
            "H": now.hour,
            "h": now.hour % 12 or 12,
            "m": now.minute,
            "s": now.second,
        }
        return str(short.get(token, token))

    return _DATE_TOKEN.sub(piece, form)
