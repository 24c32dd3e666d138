"""What the image's own `site-packages` hold: names of modules, with the packages that they belong to.

It is made of an installation once, and kept in the registry beside the layers: an environment that is found again is
not installed in order to be checked.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from functions_model.core.strict_json import parse_json

INVENTORY_TYPE = "application/vnd.functions-model.inventory.v1+json+zlib"
DEVELOPMENT, GPU = "development", "GPU"
_LARGEST = 64 << 20
"""Bytes of an inventory that is unpacked. That of 18,700 modules has 2 MB."""
VERSION = 3
"""A higher number whenever a check needs more than earlier ones kept: what was kept before is then made anew."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """One installed package.

    Attributes:
        name: Normalised as PyPI does.
        version: Its version.
        size: Bytes of its files, installed; 0 when it does not list them.
        requires: The packages that it needs on Linux, without extras, by their normalised names.
        kinds: What it says or shows that it is for: `DEVELOPMENT`, `GPU`.
        modules: The first names of what can be imported from it.
    """

    name: str
    version: str
    size: int = 0
    requires: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    modules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lacking:
    """A shared library that importing a package loads, and that needs what the environment has not.

    Attributes:
        package: What is imported: `lightgbm`.
        library: The library's file, POSIX, relative to its `site-packages`.
        names: What it needs: `libgomp.so.1`; sorted.
    """

    package: str
    library: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a lock brings into the image.

    Attributes:
        distributions: By name.
        files: Every file that can be imported, POSIX, relative to its `site-packages`; sorted.
        dynamic: Modules (dotted) that make others when they run: what is below them is not known.
        barren: Packages (dotted) whose `__init__.py` binds no name.
        compiled: Packages that are known by name alone, as an engine compiles them in the image.
        libraries: Shared libraries that need what is not in the environment itself.
    """

    distributions: tuple[Distribution, ...] = ()
    files: tuple[str, ...] = ()
    dynamic: frozenset[str] = frozenset()
    barren: frozenset[str] = frozenset()
    compiled: tuple[str, ...] = ()
    libraries: tuple[Lacking, ...] = ()

    def version_of(self, name: str) -> str | None:
        """The version of a package (its normalised name); None when it is not there."""
        return next((one.version for one in self.distributions if one.name == name), None)

    def as_bytes(self) -> bytes:
        """What is kept of it: the same bytes each time."""
        document = {
            "version": VERSION,
            "distributions": [
                [one.name, one.version, one.size, one.requires, sorted(one.kinds), one.modules]
                for one in self.distributions
            ],
            "files": list(self.files),
            "dynamic": sorted(self.dynamic),
            "barren": sorted(self.barren),
            "compiled": list(self.compiled),
            "libraries": [[one.package, one.library, list(one.names)] for one in self.libraries],
        }
        return zlib.compress(json.dumps(document, separators=(",", ":")).encode(), 6)

    @classmethod
    def from_bytes(cls, kept: bytes) -> Inventory | None:
        """What `as_bytes` gave; None when it is damaged, or of another version."""
        try:
            document: Any = parse_json(_unpacked(kept))
            if document["version"] != VERSION:
                return None
            return cls(
                tuple(
                    Distribution(
                        str(name), str(version), int(size), _texts(needs), frozenset(_texts(kinds)), _texts(modules)
                    )
                    for name, version, size, needs, kinds, modules in document["distributions"]
                ),
                _texts(document["files"]),
                frozenset(_texts(document["dynamic"])),
                frozenset(_texts(document["barren"])),
                _texts(document["compiled"]),
                tuple(Lacking(str(name), str(path), _texts(names)) for name, path, names in document["libraries"]),
            )
        except (zlib.error, ValueError, LookupError, TypeError):
            return None


def _unpacked(kept: bytes) -> bytes:
    """All of it, within bounds: it lies where others may write, too.

    Raises:
        ValueError: It is cut off, or larger than an inventory can be.
        zlib.error: It is not packed.
    """
    unpacking = zlib.decompressobj()
    content = unpacking.decompress(kept, _LARGEST)
    if not unpacking.eof:
        raise ValueError
    return content


def _texts(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
