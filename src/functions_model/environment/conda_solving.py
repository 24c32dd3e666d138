"""Conda requests solved to packages, for the image and not for this machine.

What they hold of Python distributions gets stand-ins that uv takes into account. A stand-in is a wheel without files
and without requirements, under the distribution's name and version. So whatever the wheels on top ask for is held
against what conda brings, and nothing that conda brings is looked for elsewhere.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from functions_model.core.failures import EnvironmentFailed, Problem, RuleBroken
from functions_model.core.tracing import trace
from functions_model.environment.conda_failures import explain_conda, without_tokens
from functions_model.environment.conda_offers import SYSTEMS, problems_of, without_build
from functions_model.environment.conda_specs import parse_conda_spec
from functions_model.environment.locking import CondaLock, CondaPackage
from functions_model.environment.rattler_tool import Rattler
from functions_model.environment.request import CondaDependency, CondaRequest

ACTION = "resolve the conda packages"
PLATFORMS = ("linux-64", "noarch")
MARK = "conda"
"""The local part of a stand-in's version: no index has it, so uv can take none but the stand-in."""
_METADATA = re.compile(
    r"(?:^|/)site-packages/(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^-/]+)(?:-py3[\d.]*)?\.(?:dist|egg)-info(?:/|$)"
)
_LONGEST_PATH = 100
_READING = "read the conda packages"


class PackagesMissing(EnvironmentFailed):
    """The channels lack packages; each is a problem of its own."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A Python distribution that a conda package brings.

    Attributes:
        name: Normalised.
        version: As its metadata has it.
    """

    name: str
    version: Version

    @property
    def stand_in(self) -> str:
        """The stand-in's version: `1.26.4+conda`."""
        return f"{self.version}{'.' if self.version.local else '+'}{MARK}"


class Solved(NamedTuple):
    """What a conda request comes to.

    Attributes:
        lock: Its packages.
        brought: The Python distributions in them, by name.
    """

    lock: CondaLock
    brought: tuple[Distribution, ...]


def solve_conda(request: CondaRequest, python_version: str, rattler: Rattler, *, cache: Path) -> Solved:
    """The packages that are asked for and everything that they need. Of each the list of its files is read.

    Args:
        request: What is asked for.
        python_version: The minor that the environment's Python must have.
        rattler: What solves.
        cache: A folder for the channels' indexes.

    Raises:
        PackagesMissing: The channels lack packages.
        EnvironmentFailed: A specification cannot be read, a channel or a package cannot be read, or no packages fit
            together; or a package lists a file outside of its folder: py-rattler (0.28) links such a file where it is
            told to, and breaks off at an absolute path.
    """
    trace(lambda: _told(request, python_version))
    asked = {
        "channels": [channel.address for channel in request.channels],
        "specs": [_asked(dependency, request) for dependency in request.specs],
        "python": f"python {python_version}.*",
        "platforms": PLATFORMS,
        "systems": [*SYSTEMS],
        "cache": str(cache.absolute()),
    }
    answer = rattler.ask("solve", asked, ACTION, request)
    if unreadable := answer.get("unreadable"):
        raise EnvironmentFailed(ACTION, [_unreadable(request.specs[number], why) for number, why in unreadable])
    if error := answer.get("error"):
        failure = explain_conda(_READING if "reading" in answer else ACTION, error["kind"], error["words"], request)
        missing = problems_of(request.specs, answer.get("offers", ()))
        raise PackagesMissing(ACTION, missing, detail=failure.detail) if missing else failure
    names = dict(zip(answer["channels"], (channel.name for channel in request.channels), strict=True))
    found = sorted(answer["packages"], key=lambda one: str(one["record"]["name"]).lower())
    packages = tuple(_package(one["record"], names) for one in found)
    _check_hashes(packages, request)
    _check_places(zip(packages, (one["outside"] for one in found), strict=True), request)
    lock = CondaLock(packages, tuple(one["record"] for one in found))
    return Solved(lock, _distributions(path for one in found for path in one["metadata"]))


def _told(request: CondaRequest, python_version: str) -> str:
    """What py-rattler is asked, without the addresses of channels."""
    specs = without_tokens(", ".join(one.text for one in request.specs), request.secrets)
    channels = ", ".join(channel.name for channel in request.channels)
    return f"py-rattler solves for {', '.join(PLATFORMS)}: {specs}, python {python_version}.*; channels: {channels}"


def _asked(dependency: CondaDependency, request: CondaRequest) -> dict[str, Any]:
    """A specification; where it names one of the file's own channels, that one's number in the place of its name."""
    text = dependency.text
    spec = {"text": text, "channel": None, "plain": without_build(text)}
    names = [channel.name for channel in request.channels]
    try:
        channel = parse_conda_spec(text).channel
    except RuleBroken:
        return spec
    before, separator, rest = text.partition("::")
    is_own = separator and channel in names and before.strip() == channel
    return {**spec, "text": rest, "channel": names.index(channel)} if is_own else spec


def _unreadable(dependency: CondaDependency, why: str) -> Problem:
    what = f"`{dependency.text}` is not a conda dependency ({why})"
    return Problem(what, "Write it as `name=1.2`.", "environment-file", dependency.location)


def _package(record: Mapping[str, Any], names: Mapping[str, str]) -> CondaPackage:
    return CondaPackage(
        name=record["name"].lower(),
        version=record["version"],
        build=record["build"],
        channel=names.get(record["channel"], "channel"),
        subdir=record["subdir"],
        file_name=record["fn"],
        sha256=record.get("sha256") or "",
        size=record.get("size"),
        license=record.get("license") or "",
    )


def _check_hashes(packages: tuple[CondaPackage, ...], request: CondaRequest) -> None:
    """A lock without hashes is none."""
    problems = [
        Problem(
            f"the channel `{package.channel}` gives no SHA-256 for `{package.file_name}`",
            "Index the channel again with a tool of today (`conda index`).",
            "environment-file",
            next((spec.location for spec in request.specs if spec.name == package.name), None),
        )
        for package in packages
        if not package.sha256
    ]
    if problems:
        raise EnvironmentFailed(ACTION, problems)


def _check_places(listed: Iterable[tuple[CondaPackage, str | None]], request: CondaRequest) -> None:
    """No package links a file outside of its folder."""
    for package, outside in listed:
        if outside is not None:
            shown = "".join(filter(str.isprintable, outside))[:_LONGEST_PATH]
            what = f"`{package.file_name}` of the channel `{package.channel}` lists `{shown}`, outside of its folder"
            where = next((spec.location for spec in request.specs if spec.name == package.name), None)
            remedy = "Do not install it before you know why: ask the channel's owner."
            raise EnvironmentFailed(_READING, [Problem(what, remedy, "environment-file", where)])


def _distributions(paths: Iterable[str]) -> tuple[Distribution, ...]:
    found = {one.name: one for path in paths if (one := distribution_at(path))}
    return tuple(found[name] for name in sorted(found))


def distribution_at(path: str) -> Distribution | None:
    """The distribution whose metadata lies at that path of a package; None when none does."""
    match = _METADATA.search(path)
    if not match:
        return None
    try:
        return Distribution(canonicalize_name(match["name"]), Version(match["version"]))
    except InvalidVersion:
        return None


def write_stand_ins(distributions: Iterable[Distribution], folder: Path) -> None:
    """A wheel for each, for `--find-links`."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in distributions:
        stem = f"{one.name.replace('-', '_')}-{one.stand_in}"
        metadata = f"Metadata-Version: 2.1\nName: {one.name}\nVersion: {one.stand_in}\n"
        kind = "Wheel-Version: 1.0\nGenerator: functions-model\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            for name, content in (("METADATA", metadata), ("WHEEL", kind), ("RECORD", "")):
                wheel.writestr(zipfile.ZipInfo(f"{stem}.dist-info/{name}"), content)
