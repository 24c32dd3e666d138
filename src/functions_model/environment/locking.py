"""Requests resolved to a lock: every package, its version and its hashes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from functions_model.core.digests import Digest, digest_of
from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.environment.uv_failures import explain
from functions_model.environment.uv_process import IMAGE_PLATFORM, UvRefused, run_uv, target_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from functions_model.environment.request import EnvironmentRequest, IndexSettings, Requirement

_ACTION = "resolve the dependencies"
_PACKAGE = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?(?:==(?P<version>[^\s;\\]+)| @ (?P<url>\S+))"
)
_HASH = re.compile(r"--hash=(\S+)")


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package of a lock.

    Attributes:
        name: Normalised.
        version: Its version, or the URL that it comes from.
        hashes: What its files may hash to: `sha256:...`.
    """

    name: str
    version: str
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lock:
    """An environment, exact to the bytes.

    Attributes:
        text: A requirements file with hashes; the same request and index give the same text. No paths, no index URLs.
        digest: Of the text.
        packages: In the text's order, by name.
        request: What it was made for: the lines that asked, and the indexes that installing needs again.
        platform: The wheels' platform, as uv names it.
    """

    text: str
    digest: Digest
    packages: tuple[LockedPackage, ...]
    request: EnvironmentRequest = field(repr=False)
    platform: str = IMAGE_PLATFORM

    @property
    def indexes(self) -> IndexSettings:
        """Where the packages come from."""
        return self.request.indexes


def resolve(
    request: EnvironmentRequest,
    python_version: str,
    *,
    work: Path,
    platform: str = IMAGE_PLATFORM,
    environ: Mapping[str, str] | None = None,
) -> Lock:
    """Resolve a request for a Python minor and a platform. That Python need not be here.

    Args:
        request: What is asked for.
        python_version: `3.11`.
        work: A folder for files on the way; made when it is not there.
        platform: A platform as uv names it.
        environ: The process environment; None takes this process's. uv sees only a part (`uv_process.uv_environment`).

    Raises:
        EnvironmentFailed: It cannot be resolved. The failure names the package and its line; uv's words are its detail.
    """
    work.mkdir(parents=True, exist_ok=True)
    (work / "requirements.in").write_text(_lines(request.requirements), encoding="utf-8")
    (work / "constraints.in").write_text(_lines(request.constraints), encoding="utf-8")
    try:
        compiled = run_uv(
            _compile_arguments(request, python_version, platform),
            cwd=work,
            environ=os.environ if environ is None else environ,
            indexes=request.indexes,
        )
    except UvRefused as refusal:
        raise explain(_ACTION, refusal.words, request, python_version, platform) from None
    return _lock(compiled, request, f"# Python {python_version}, {platform}\n", platform)


def _compile_arguments(request: EnvironmentRequest, python_version: str, platform: str) -> list[str]:
    return [
        *("compile", "requirements.in", "--constraints", "constraints.in"),
        *("--generate-hashes", "--no-header", "--no-annotate"),
        *target_options(python_version, platform),
        *(("--prerelease", "allow") if request.indexes.prereleases else ()),
    ]


def _lines(requirements: Iterable[Requirement]) -> str:
    return "".join(f"{requirement.text}\n" for requirement in requirements)


def _lock(compiled: str, request: EnvironmentRequest, header: str, platform: str) -> Lock:
    allowed = {requirement.name: set(requirement.hashes) for requirement in request.requirements if requirement.hashes}
    packages = tuple(_allowed_only(package, allowed.get(package.name), request) for package in parse_lock(compiled))
    text = header + "".join(_entry(package) for package in packages)
    return Lock(text, digest_of(text.encode()), packages, request, platform)


def parse_lock(text: str) -> tuple[LockedPackage, ...]:
    """The packages in a lock's text, in its order."""
    entries = re.sub(r"\\\n\s*", " ", text).splitlines()
    matches = [(match, entry) for entry in entries if (match := _PACKAGE.match(entry))]
    return tuple(
        LockedPackage(
            canonicalize_name(match["name"]), match["version"] or match["url"], tuple(sorted(_HASH.findall(entry)))
        )
        for match, entry in matches
    )


def _entry(package: LockedPackage) -> str:
    what = f"{package.name} @ {package.version}" if "://" in package.version else f"{package.name}=={package.version}"
    return " \\\n    ".join([what, *(f"--hash={value}" for value in package.hashes)]) + "\n"


def _allowed_only(package: LockedPackage, allowed: set[str] | None, request: EnvironmentRequest) -> LockedPackage:
    """The package with only the hashes that the user allows, where the user names hashes."""
    if allowed is None:
        return package
    kept = tuple(value for value in package.hashes if value in allowed)
    if kept:
        return LockedPackage(package.name, package.version, kept)
    what = f"no file of `{package.name}=={package.version}` has a hash that its line allows"
    remedy = "Correct the hashes, or the version that they belong to."
    raise EnvironmentFailed(_ACTION, [Problem(what, remedy, "environment-file", request.where(package.name))])
