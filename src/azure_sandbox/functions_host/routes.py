"""Route templates: `models/{name}/{version:int?}`, `files/{*path}`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

_SEGMENT = re.compile(r"\{(\*{0,2})([A-Za-z_][A-Za-z0-9_]*)((?::[^}?=]+)*)(\?)?(?:=([^}]*))?\}")
_CONSTRAINTS = {
    "int": r"-?\d+",
    "long": r"-?\d+",
    "alpha": r"[A-Za-z]+",
    "bool": r"(?i:true|false)",
    "guid": r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}",
    "decimal": r"-?\d+(?:\.\d+)?",
    "double": r"-?\d+(?:\.\d+)?",
    "float": r"-?\d+(?:\.\d+)?",
}


@dataclass(frozen=True, slots=True)
class RouteTemplate:
    """A compiled template.

    Attributes:
        text: As function.json has it, with the route prefix before it.
        pattern: Matches a path without its leading slash.
        rank: Templates with more literal parts go first.
    """

    text: str
    pattern: re.Pattern[str]
    rank: tuple[int, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """The route's parameters when the path fits; None when it does not."""
        found = self.pattern.fullmatch(path.strip("/"))
        if found is None:
            return None
        return {name: unquote(value) for name, value in found.groupdict().items() if value is not None}


def compile_route(prefix: str, route: str) -> RouteTemplate:
    """The template of a function's route below the app's prefix.

    Raises:
        ValueError: The template is malformed.
    """
    text = "/".join(part for part in (prefix.strip("/"), route.strip("/")) if part)
    pattern, rank = "", []
    for index, segment in enumerate(text.split("/") if text else []):
        piece, weight, optional = _segment(segment)
        slash = "/" if index else ""
        pattern += f"(?:{slash}{piece})?" if optional else f"{slash}{piece}"
        rank.append(weight)
    return RouteTemplate(text, re.compile(pattern, re.IGNORECASE), tuple(rank))


def _segment(segment: str) -> tuple[str, int, bool]:
    """A segment's pattern, its weight (literal before parameter before catch-all), and whether it may be left out."""
    pattern, end, weight, optional = "", 0, 0, False
    for match in _SEGMENT.finditer(segment):
        pattern += re.escape(segment[end : match.start()])
        stars, name, constraints, question, _ = match.groups()
        pattern += f"(?P<{name}>{'.*' if stars else _constrained(constraints)})"
        weight = 2 if stars else 1
        optional = bool(question or stars) and match.span() == (0, len(segment))
        end = match.end()
    rest = segment[end:]
    if "{" in rest or "}" in rest:
        message = f"route segment `{segment}` is malformed"
        raise ValueError(message)
    return pattern + re.escape(rest), weight, optional


def _constrained(constraints: str) -> str:
    for name in constraints.split(":"):
        if name in _CONSTRAINTS:
            return _CONSTRAINTS[name]
        if name.startswith("regex(") and name.endswith(")"):
            return name[6:-1].lstrip("^").rstrip("$")
    return "[^/]+?"
