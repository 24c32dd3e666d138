"""Paths of blob triggers and outputs: a container, and a pattern for the names of its blobs.

The language is the Functions host's: `{name}` takes any text and can be used again in an output, `{{` and `}}` are
literal braces, `%SETTING%` is the value of an app setting.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

SYSTEM_PARAMETERS = frozenset({"rand-guid", "datetime", "sys.utcnow", "sys.randguid", "sys.methodname"})
"""What the host itself gives to an output path, in lower case; `datetime` also with a format: `{DateTime:yyyy}`."""

TRIGGERS_OWN = frozenset({"blobtrigger", "uri", "properties", "metadata"})
"""What a blob trigger gives beside the blob, in lower case. A name of a path takes its place, and Python's worker then
cannot read the blob: Azure/azure-webjobs-sdk, Blobs/Triggers/BlobTriggerBinding.cs:109, 139;
Azure/azure-functions-python-library, azure/functions/blob.py, `decode`."""

CONTAINER = r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
_CONTAINER = re.compile(rf"{CONTAINER}|\$root|\$web")
"""https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata."""
BACKSLASH = "\\"
"""Azure/azure-webjobs-sdk, Blobs/BlobNameValidationAttribute.cs:144."""
_LONGEST_BLOB = 1024
_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|%([^%{}/]+)%|[{}]|[^{}%]+|%")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """`{name}`: any text."""

    name: str


@dataclass(frozen=True, slots=True)
class Setting:
    """`%NAME%`: the value of an app setting."""

    name: str


Part: TypeAlias = Literal | Parameter | Setting


@dataclass(frozen=True, slots=True)
class BlobPath:
    """A path, taken apart.

    Attributes:
        container: The container's parts; no parameter is among them.
        blob: The parts of the blob's name.
    """

    container: tuple[Part, ...]
    blob: tuple[Part, ...]

    @property
    def all_parameters(self) -> tuple[str, ...]:
        """The names in braces, in their order."""
        return tuple(dict.fromkeys(part.name for part in self.blob if isinstance(part, Parameter)))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in braces, in their order, without those of the host itself."""
        return tuple(name for name in self.all_parameters if not is_system(name))

    @property
    def settings(self) -> tuple[str, ...]:
        """The app settings that the path needs, in their order."""
        parts = (*self.container, *self.blob)
        return tuple(dict.fromkeys(part.name for part in parts if isinstance(part, Setting)))

    def container_name(self, settings: Mapping[str, str]) -> str | None:
        """The container's name with the settings' values in it; None when a setting is missing.

        Args:
            settings: App settings by name; names are compared without regard to case.
        """
        parts = self.with_settings(settings).container
        if not all(isinstance(part, Literal) for part in parts):
            return None
        return "".join(part.text for part in parts if isinstance(part, Literal))

    def with_settings(self, settings: Mapping[str, str]) -> BlobPath:
        """The same path with the values of the settings that are known.

        Args:
            settings: App settings by name; names are compared without regard to case.
        """
        known = {name.lower().replace(".", "_"): value for name, value in settings.items()}
        return BlobPath(_with_values(self.container, known), _with_values(self.blob, known))


def parse_blob_path(text: str) -> BlobPath:
    """Take a path apart.

    Args:
        text: `input/{blobname}.json`.

    Raises:
        ValueError: It is no such path; the message is a clause that says why.
    """
    container, slash, blob = text.strip().lstrip("/").partition("/")
    if not slash or not container or not blob:
        raise ValueError("it has no container and name, as in `input/{name}.json`")
    path = BlobPath(_parts(container), _parts(blob))
    _check_container(path)
    if len(blob) > _LONGEST_BLOB or blob.endswith((".", "/")):
        raise ValueError(f"a blob's name has up to {_LONGEST_BLOB} characters and ends with neither `.` nor `/`")
    if BACKSLASH in text:
        raise ValueError("a blob's name has no backslash: the host refuses to write one (use `/`)")
    return path


def is_system(parameter: str) -> bool:
    """Whether the host gives this parameter's value: `rand-guid`, `DateTime`, `DateTime:yyyy`."""
    return parameter.partition(":")[0].lower() in SYSTEM_PARAMETERS


def may_meet(pattern: BlobPath, other: BlobPath) -> bool:
    """Whether one blob can fit both patterns. Parameters, and settings in a blob's name, may be any text."""
    if _container_key(pattern.container) != _container_key(other.container):
        return False
    return _meet(_units(pattern.blob), _units(other.blob))


def _parts(text: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in {"{{", "}}"}:
            parts.append(Literal(token[0]))
        elif token in {"{", "}"}:
            raise ValueError(f"the brace `{token}` has no other end; write `{token}{token}` for a brace itself")
        elif match[1] is not None:
            parts.append(_parameter(match[1]))
        elif match[2] is not None:
            parts.append(_setting(match[2]))
        else:
            parts.append(Literal(token))
    return tuple(parts)


def _parameter(name: str) -> Parameter:
    if not _PARAMETER.fullmatch(name) and not is_system(name):
        raise ValueError(f"`{{{name}}}` is not a parameter: letters, digits and `_`, starting with a letter")
    return Parameter(name)


def _setting(name: str) -> Setting:
    """MicrosoftDocs/azure-docs#69795: the host sees no dots in the names of settings."""
    if "." in name:
        raise ValueError(f"the host sees the app setting `{name}` without its dots: write `%{name.replace('.', '_')}%`")
    return Setting(name)


def _check_container(path: BlobPath) -> None:
    if any(isinstance(part, Parameter) for part in path.container):
        raise ValueError("the container's name has a parameter, but only the blob's name may vary")
    name = path.container_name({})
    if name is not None and not _CONTAINER.fullmatch(name):
        message = (
            f"`{name}` is not a container's name: 3 to 63 lower-case letters, digits and single hyphens, starting and "
            "ending with a letter or a digit"
        )
        raise ValueError(message)


def _with_values(parts: tuple[Part, ...], known: Mapping[str, str]) -> tuple[Part, ...]:
    return tuple(
        Literal(known[part.name.lower()]) if isinstance(part, Setting) and part.name.lower() in known else part
        for part in parts
    )


_ANY = ""
"""The unit that stands for any text."""


def _units(parts: tuple[Part, ...]) -> list[str]:
    """Single characters, and `_ANY` for each part that may be anything; one for several in a row."""
    units: list[str] = []
    for part in parts:
        for unit in part.text if isinstance(part, Literal) else (_ANY,):
            if unit != _ANY or units[-1:] != [_ANY]:
                units.append(unit)
    return units


def _container_key(parts: tuple[Part, ...]) -> list[str]:
    """Single characters, and `%NAME%` for a setting: two containers are the same when these are."""
    return [
        unit
        for part in parts
        for unit in ([f"%{part.name.lower()}%"] if isinstance(part, Setting) else _units((part,)))
    ]


def _meet(left: list[str], right: list[str]) -> bool:
    """Whether some text fits both.

    One pass over `left`, with whole numbers as sets, since a path is too long for a recursion: bit `j` of `row` says
    that the units before here and the first `j` of `right` can stand for the same text.
    """
    places: dict[str, int] = {}
    for j, unit in enumerate(right):
        places[unit] = places.get(unit, 0) | 1 << j
    anything, whole = places.get(_ANY, 0), (1 << len(right) + 1) - 1
    row = 1
    for unit in left:
        row |= (row & anything) << 1
        matched = (row & places.get(unit, 0)) << 1
        row = whole & -(row & -row) if unit == _ANY else row & anything | matched
    row |= (row & anything) << 1
    return bool(row >> len(right))
