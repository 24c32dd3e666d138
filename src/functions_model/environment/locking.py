"""Locks: every package, its version and its hashes; and the one source that may stand in them."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.core.references import Digest, digest_of
from functions_model.environment.locked_packages import LockedPackage
from functions_model.environment.request import EnvironmentRequest, IndexSettings
from functions_model.environment.uv_process import IMAGE_PLATFORM

NAME = "fusepy"
"""The one package without a wheel that is installed all the same, and that of one known source alone.

It is Python alone, and `azureml-dataset-runtime[fuse]`, and so every `azureml-defaults` since 2020, depends on it;
without it a resolver would pick a release of 2019. Its code runs when it is built. So what is built is pinned by hash,
and so is what builds it; and while dependencies are resolved nothing is built at all.
"""
_VERSION = "3.0.1"
_SOURCE_HASH = "sha256:72ff783ec2f43de3ab394e3f7457605bf04c8cf288a2f4068b4cde141d4ee6bd"
"""Of `fusepy-3.0.1.tar.gz`, the only file of the last release, of 2018, as the Python Package Index has it."""
_BUILDERS = Path(__file__).with_name("fusepy_build.lock")
"""What builds it, with hashes."""
_STEM = f"{NAME}-{_VERSION}"
_FILES = {
    f"{_STEM}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {_VERSION}\n",
    f"{_STEM}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{_STEM}.dist-info/RECORD": "",
}


def write_promise(folder: Path) -> str:
    """Write a wheel that says what `fusepy` depends on, and holds nothing else: a resolver need not build it to know.

    Args:
        folder: Where to; it exists.

    Returns:
        The wheel's hash, `sha256:...`: what is locked with it stands for the source.
    """
    wheel = folder / f"{_STEM}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in _FILES.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def keep_promise(hashes: Sequence[str], promise: str) -> tuple[str, ...]:
    """The hashes of a locked package, with the known source's in the place of the promise's.

    Where there is a true wheel as well, that one is installed.
    """
    others = tuple(value for value in hashes if value != promise)
    return others or ((_SOURCE_HASH,) if promise in hashes else ())


def is_known_source(name: str, hashes: Sequence[str]) -> bool:
    """Whether a locked package is the source that may be built."""
    return name == NAME and tuple(hashes) == (_SOURCE_HASH,)


def build_options() -> tuple[str, ...]:
    """Options of an installation with hashes that let uv build it, with what is known to build it."""
    return ("--no-binary", NAME, "--build-constraints", str(_BUILDERS), "--require-build-hashes")


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
        records: The same as py-rattler writes them, in the same order. They hold URLs, and so may hold a token.
    """

    packages: tuple[CondaPackage, ...]
    records: tuple[Mapping[str, Any], ...] = field(default=(), repr=False, compare=False)

    @property
    def text(self) -> str:
        """A line for each package, as comments, so that a lock with them is still a requirements file."""
        lines: Iterable[object] = ("conda packages, installed to " + PREFIX, *self.packages)
        return "".join(f"# {line}\n" for line in lines)


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
