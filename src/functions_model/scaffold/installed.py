"""The packages of an environment on this machine, by what their metadata say. Nothing of them is imported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from functions_model.preflight.ways_out import guess_of, package_of

_OWN = (".venv", "venv", "env")
_ACTIVE = ("VIRTUAL_ENV", "CONDA_PREFIX")
_PYTHON = re.compile(r"python(3\.\d+)")


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution.

    Attributes:
        name: Normalised.
        version: Without what marks a build of one's own (`+cu121`); empty where it is not installed.
    """

    name: str
    version: str = ""

    @property
    def line(self) -> str:
        """As a requirements file has it."""
        return f"{self.name}=={self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment.

    Attributes:
        place: Its folder; None where none was found.
        python: Its minor, `3.12`; empty where that is not known.
        packages: What is installed, by normalised name.
    """

    place: Path | None = None
    python: str = ""
    packages: Mapping[str, Distribution] = field(default_factory=dict)

    def package_for(self, module: str) -> Package:
        """The distribution that a module (dotted) comes from: the installed one that has it, else by its usual name."""
        usual = canonicalize_name(package_of(module) or guess_of(module))
        if usual not in self.packages:
            owner = next((name for name, one in self.packages.items() if _has(one, module)), "")
            return self._package(owner) if owner else Package(package_of(module) or guess_of(module))
        return self._package(usual)

    def _package(self, name: str) -> Package:
        try:
            return Package(name, Version(self.packages[name].version).public)
        except (InvalidVersion, TypeError, KeyError):
            return Package(name)


def environment_of(folders: Iterable[Path], environ: Mapping[str, str]) -> Installed:
    """The environment that the project is worked on in: one in its folders, else the active one.

    Args:
        folders: The project's, the innermost first.
        environ: The process environment.
    """
    own = (folder / name for folder in folders for name in _OWN)
    active = (Path(environ[name]) for name in _ACTIVE if environ.get(name))
    return next(filter(None, (_read(place) for place in (*own, *active))), Installed())


def _read(place: Path) -> Installed | None:
    for site in sorted((*place.glob("lib/python3*/site-packages"), *place.glob("Lib/site-packages"))):
        minor = _PYTHON.fullmatch(site.parent.name)
        return Installed(place, minor[1] if minor else "", dict(_named(site)))
    return None


def _named(site: Path) -> Iterator[tuple[str, Distribution]]:
    for one in distributions(path=[str(site)]):
        name = one.metadata["Name"]
        if name:
            yield canonicalize_name(name), one


def _has(one: Distribution, module: str) -> bool:
    path = re.escape(module.replace(".", "/"))
    return bool(re.search(rf"^{path}(?:/|\.py|\.[\w-]+\.so|\.so)", one.read_text("RECORD") or "", re.MULTILINE))
