"""Locks: every package, its version and its hashes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from packaging.pylock import Package, Pylock

from functions_model.core.digests import Digest, digest_of
from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.environment.fusepy import is_known_source
from functions_model.environment.request import EnvironmentRequest, IndexSettings
from functions_model.environment.uv_process import IMAGE_PLATFORM

ACTION = "resolve the dependencies"
PREFIX = "/opt/conda"
"""Where the environment lies in the image: the path that its files are made for."""


@dataclass(frozen=True, slots=True)
class CondaPackage:
    """One package of a lock.

    Attributes:
        name: As conda has it.
        version: As conda has it.
        build: The build string.
        channel: The channel's name, as `CondaChannel.name`: no host, no token.
        subdir: `linux-64` or `noarch`.
        file_name: `numpy-1.26.4-py311h64a7726_0.conda`.
        sha256: Of the file: 64 hex digits.
        size: Its bytes; None when the channel does not say.
        license: As the channel says it; empty when it does not.
    """

    name: str
    version: str
    build: str
    channel: str
    subdir: str
    file_name: str
    sha256: str
    size: int | None = None
    license: str = ""

    def __str__(self) -> str:
        """`conda-forge/linux-64/numpy-1.26.4-py311h64a7726_0.conda sha256:...`."""
        return f"{self.channel}/{self.subdir}/{self.file_name} sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class CondaLock:
    """The conda part of a lock.

    Attributes:
        packages: Sorted by name.
        records: The same as py-rattler has them, in the same order. They hold URLs, and so may hold a token.
    """

    packages: tuple[CondaPackage, ...]
    records: tuple[Any, ...] = field(default=(), repr=False, compare=False)

    @property
    def text(self) -> str:
        """A line for each package, as comments, so that a lock with them is still a requirements file."""
        lines: Iterable[object] = ("conda packages, installed to " + PREFIX, *self.packages)
        return "".join(f"# {line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package of a lock.

    Attributes:
        name: Normalised.
        version: Its version, or the URL that it comes from.
        hashes: What its files may hash to, `sha256:...`: those that fit the image, and no others. So a wheel that is
            uploaded later, for some other platform, changes no lock.
        is_source: Whether no wheel of it fits, so that the hashes are those of its source.
    """

    name: str
    version: str
    hashes: tuple[str, ...]
    is_source: bool = False


@dataclass(frozen=True, slots=True)
class Lock:
    """An environment, exact to the bytes.

    Attributes:
        text: A requirements file with hashes; the same request and index give the same text. No paths, no index URLs.
        digest: Of the text.
        packages: In the text's order, by name.
        request: What it was made for: the lines that asked, and the indexes that installing needs again.
        platform: The wheels' platform, as uv names it.
        compiled: The packages that must be compiled, as no wheel of them fits; their hashes are those of their sources.
        conda: The conda packages below them; None when there are none.
    """

    text: str
    digest: Digest
    packages: tuple[LockedPackage, ...]
    request: EnvironmentRequest = field(repr=False)
    platform: str = IMAGE_PLATFORM
    compiled: tuple[str, ...] = ()
    conda: CondaLock | None = None

    @property
    def indexes(self) -> IndexSettings:
        """Where the packages come from."""
        return self.request.indexes

    @property
    def has_known_source(self) -> bool:
        """Whether one of them is the source that may be built here."""
        return any(is_known_source(package.name, package.hashes) for package in self.packages)

    @property
    def wheels_text(self) -> str:
        """A requirements file of the packages that are not compiled."""
        return "".join(_entry(package) for package in self.packages if package.name not in self.compiled)


def packages_of(pylock: str) -> tuple[LockedPackage, ...]:
    """The packages of a `pylock.toml`, by name: each with the hashes of its wheels, or of its source without any.

    https://packaging.python.org/en/latest/specifications/pylock-toml/

    Raises:
        packaging.pylock.PylockValidationError: It lacks what the specification demands.
        tomllib.TOMLDecodeError: It is not TOML.
    """
    # uv leaves the list out when nothing is in it.
    read = Pylock.from_dict({"packages": [], **tomllib.loads(pylock)})
    return tuple(sorted(map(_locked, read.packages), key=lambda package: package.name))


def _locked(package: Package) -> LockedPackage:
    if archive := package.archive:
        url = str(archive.url)
        return LockedPackage(package.name, url, _hashes(archive.hashes), not url.endswith(".whl"))
    files = [wheel.hashes for wheel in package.wheels or ()] or [package.sdist.hashes if package.sdist else {}]
    return LockedPackage(package.name, str(package.version), _hashes(*files), not package.wheels)


def _hashes(*files: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted({f"{kind}:{value}" for hashes in files for kind, value in hashes.items()}))


def lock_of(found: tuple[LockedPackage, ...], request: EnvironmentRequest, python_version: str, platform: str) -> Lock:
    """The lock of what was found for a Python minor and a platform, with only the hashes that the user allows.

    Raises:
        EnvironmentFailed: No file of a package has a hash that its line allows.
    """
    allowed = {requirement.name: set(requirement.hashes) for requirement in request.requirements if requirement.hashes}
    packages = tuple(_allowed_only(package, allowed.get(package.name), request) for package in found)
    text = f"# Python {python_version}, {platform}\n" + "".join(_entry(package) for package in packages)
    compiled = tuple(package.name for package in found if package.is_source)
    return Lock(text, digest_of(text.encode()), packages, request, platform, compiled)


def _entry(package: LockedPackage) -> str:
    what = f"{package.name} @ {package.version}" if "://" in package.version else f"{package.name}=={package.version}"
    return " \\\n    ".join([what, *(f"--hash={value}" for value in package.hashes)]) + "\n"


def _allowed_only(package: LockedPackage, allowed: set[str] | None, request: EnvironmentRequest) -> LockedPackage:
    """The package with only the hashes that the user allows, where the user names hashes."""
    kept = tuple(value for value in package.hashes if allowed is None or value in allowed)
    if kept:
        return replace(package, hashes=kept)
    what = f"no file of `{package.name}=={package.version}` that fits the image has a hash that its line allows"
    remedy = "Correct the hashes, or the version that they belong to."
    raise EnvironmentFailed(ACTION, [Problem(what, remedy, "environment-file", request.where(package.name))])
