"""`pylock.toml` as uv writes it: each package with the files that fit the platform it was resolved for.

https://packaging.python.org/en/latest/specifications/pylock-toml/
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class PylockPackage:
    """One package of a `pylock.toml`. Where its files lie is left aside, unless it was asked for by URL.

    Attributes:
        name: Normalised.
        version: Its version, or the URL that it was asked for by.
        hashes: What its files may hash to, `sha256:...`, sorted: its wheels, or its source when it has none.
        is_source: Whether there is no wheel of it that fits.
    """

    name: str
    version: str
    hashes: tuple[str, ...]
    is_source: bool


def read_pylock(text: str) -> tuple[PylockPackage, ...]:
    """The packages, by name.

    Raises:
        KeyError: It lacks what the specification demands.
        tomllib.TOMLDecodeError: It is not TOML.
    """
    packages = (_package(entry) for entry in tomllib.loads(text).get("packages", []))
    return tuple(sorted(packages, key=lambda package: package.name))


def _package(entry: dict[str, Any]) -> PylockPackage:
    name = canonicalize_name(entry["name"])
    archive, wheels = entry.get("archive"), entry.get("wheels", [])
    if archive:
        return PylockPackage(name, archive["url"], _hashes([archive]), not archive["url"].endswith(".whl"))
    return PylockPackage(name, entry["version"], _hashes(wheels or [entry["sdist"]]), not wheels)


def _hashes(files: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted({f"{kind}:{value}" for file in files for kind, value in file["hashes"].items()}))
