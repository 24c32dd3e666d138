"""Requests resolved to a lock: every package, its version and its hashes."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packaging.pylock import Pylock

from functions_model.core.digests import Digest, digest_of
from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.core.progress import Progress, Report, silent
from functions_model.environment.fusepy import is_known_source, keep_promise, write_promise
from functions_model.environment.resolving import ACTION, Question, ask
from functions_model.environment.uv_process import IMAGE_PLATFORM

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packaging.pylock import Package

    from functions_model.environment.conda_lock import CondaLock
    from functions_model.environment.request import EnvironmentRequest, IndexSettings

_TASK = "resolve dependencies"


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


def resolve(
    request: EnvironmentRequest,
    python_version: str,
    *,
    work: Path,
    platform: str = IMAGE_PLATFORM,
    only_wheels: bool = True,
    report: Report = silent,
    environ: Mapping[str, str] | None = None,
) -> Lock:
    """Resolve a request for a Python minor and a platform. That Python need not be here.

    Args:
        request: What is asked for.
        python_version: `3.11`.
        work: A folder for files on the way; made when it is not there.
        platform: A platform as uv names it.
        only_wheels: Whether packages without a fitting wheel are refused. If not, `Lock.compiled` names them; what they
            depend on is then asked of their own build, which runs here.
        report: Is told the beginning and the end: uv says nothing in between.
        environ: The process environment; None takes this process's. uv sees only a part (`uv_process.uv_environment`).

    Raises:
        EnvironmentFailed: It cannot be resolved. The failure names the package and its line, and every package without
            a wheel when that is why; uv's words are its detail.
    """
    work.mkdir(parents=True, exist_ok=True)
    promise = write_promise(work)
    question = Question(request, python_version, platform, work, os.environ if environ is None else environ)
    report(Progress(_TASK, 0))
    try:
        found = packages_of(ask(question, only_wheels=only_wheels))
    finally:
        report(Progress(_TASK, 0, finished=True))
    kept = tuple(replace(package, hashes=keep_promise(package.hashes, promise)) for package in found)
    return _lock(kept, request, f"# Python {python_version}, {platform}\n", platform)


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


def _lock(found: tuple[LockedPackage, ...], request: EnvironmentRequest, header: str, platform: str) -> Lock:
    allowed = {requirement.name: set(requirement.hashes) for requirement in request.requirements if requirement.hashes}
    packages = tuple(_allowed_only(package, allowed.get(package.name), request) for package in found)
    text = header + "".join(_entry(package) for package in packages)
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
