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
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from functions_model.core.failures import EnvironmentFailed, Problem, RuleBroken
from functions_model.core.secrets import Secret
from functions_model.core.tracing import trace
from functions_model.environment.conda_offers import SYSTEMS, Wanted, problems_of
from functions_model.environment.conda_specs import parse_conda_spec
from functions_model.environment.locking import CondaLock, CondaPackage
from functions_model.environment.rattler_tool import errors_of, explain_conda, run_rattler, without_tokens
from functions_model.environment.request import CondaChannel, CondaDependency, CondaRequest

ACTION = "resolve the conda packages"
PLATFORMS = ("linux-64", "noarch")
_IMAGE = (("__unix", "0", "0"), ("__linux", "5.10", "0"), ("__glibc", "2.31", "0"), ("__archspec", "1", "x86_64"))
"""What packages find in every image: the oldest base is Debian 11, on any x86-64 processor, without a GPU."""


class PackagesMissing(EnvironmentFailed):
    """The channels lack packages; each is a problem of its own."""


def solve_conda(request: CondaRequest, python_version: str, rattler: Any, *, cache: Path) -> CondaLock:
    """The packages that are asked for and everything that they need.

    Args:
        request: What is asked for.
        python_version: The minor that the environment's Python must have.
        rattler: The module.
        cache: A folder for the channels' indexes.

    Raises:
        PackagesMissing: The channels lack packages.
        EnvironmentFailed: A specification cannot be read, a channel cannot be read, or no packages fit together.
    """
    sources = _sources(request, rattler)
    urls = {channel.name: source.base_url for channel, source in zip(request.channels, sources, strict=True)}
    names = {url: name for name, url in urls.items()}
    asked = _match_specs(request, urls, rattler)
    specs = [*asked, rattler.MatchSpec(f"python {python_version}.*")]
    trace(lambda: _told(request, python_version))
    try:
        records = run_rattler(_solve(sources, specs, rattler, cache))
    except errors_of(rattler) as error:
        failure = explain_conda(ACTION, error, request)
        wanted = list(map(Wanted, request.specs, asked))
        missing = _missing(wanted, sources, rattler, cache) if isinstance(error, rattler.exceptions.SolverError) else []
        raise (PackagesMissing(ACTION, missing, detail=failure.detail) if missing else failure) from None
    ordered = sorted(records, key=lambda record: str(record.name.normalized))
    packages = tuple(_package(record, names) for record in ordered)
    _check_hashes(packages, request)
    return CondaLock(packages, tuple(ordered))


def _told(request: CondaRequest, python_version: str) -> str:
    """What py-rattler is asked, without the addresses of channels."""
    specs = without_tokens(", ".join(one.text for one in request.specs), request.secrets)
    channels = ", ".join(channel.name for channel in request.channels)
    return f"py-rattler solves for {', '.join(PLATFORMS)}: {specs}, python {python_version}.*; channels: {channels}"


def _sources(request: CondaRequest, rattler: Any) -> list[Any]:
    """The request's channels for py-rattler, in their order."""
    try:
        return [rattler.Channel(_location(channel)) for channel in request.channels]
    except rattler.exceptions.InvalidChannelError as error:
        raise explain_conda(ACTION, error, request) from None


def _location(channel: CondaChannel) -> str:
    if isinstance(channel.location, Secret):
        return channel.location.reveal()
    return channel.location if isinstance(channel.location, str) else channel.location.as_uri()


def _match_specs(request: CondaRequest, urls: Mapping[str, str], rattler: Any) -> list[Any]:
    specs, problems = [], []
    for dependency in request.specs:
        try:
            specs.append(rattler.MatchSpec(_qualified(dependency, urls)))
        except rattler.exceptions.InvalidMatchSpecError as error:
            what = f"`{dependency.text}` is not a conda dependency ({error})"
            problems.append(Problem(what, "Write it as `name=1.2`.", "environment-file", dependency.location))
    if problems:
        raise EnvironmentFailed(ACTION, problems)
    return specs


def _qualified(dependency: CondaDependency, urls: Mapping[str, str]) -> str:
    """The text with its channel's URL in the place of the channel's name, where it names one of the file's own."""
    try:
        channel = parse_conda_spec(dependency.text).channel
    except RuleBroken:
        return dependency.text
    before, separator, rest = dependency.text.partition("::")
    is_own = separator and channel in urls and before.strip() == channel
    return f"{urls[channel].rstrip('/')}::{rest}" if is_own else dependency.text


def _missing(wanted: list[Wanted], sources: list[Any], rattler: Any, cache: Path) -> list[Problem]:
    """What the channels lack, each package on its line; nothing when that cannot be told, or is not why."""
    names = [one.spec.name.normalized for one in wanted]
    try:
        here = run_rattler(_records(names, sources, PLATFORMS, rattler, cache))
    except errors_of(rattler):
        return []
    try:
        elsewhere = run_rattler(_records(names, sources, tuple(SYSTEMS), rattler, cache))
    except errors_of(rattler):  # a channel need not have folders for other systems
        elsewhere = []
    return problems_of(wanted, here, elsewhere, rattler)


async def _records(
    names: list[str], sources: list[Any], platforms: tuple[str, ...], rattler: Any, cache: Path
) -> list[Any]:
    gateway = rattler.Gateway(cache_dir=cache, client=rattler.Client.default_client())
    found = await gateway.query(sources, platforms, names, recursive=False, channel_relations="disabled")
    return [record for records in found for record in records]


async def _solve(sources: list[Any], specs: list[Any], rattler: Any, cache: Path) -> list[Any]:
    gateway = rattler.Gateway(cache_dir=cache, client=rattler.Client.default_client())
    name, version, build = rattler.PackageName, rattler.Version, rattler.package.BuildString
    virtual = [rattler.GenericVirtualPackage(name(one), version(two), build(three)) for one, two, three in _IMAGE]
    found: list[Any] = await rattler.solve(
        sources=sources,
        specs=specs,
        gateway=gateway,
        platforms=PLATFORMS,
        virtual_packages=virtual,
        channel_relations="disabled",
    )
    return found


def _package(record: Any, names: Mapping[str, str]) -> CondaPackage:
    return CondaPackage(
        name=str(record.name.normalized),
        version=str(record.version),
        build=str(record.build),
        channel=names.get(record.channel, "channel"),
        subdir=str(record.subdir),
        file_name=str(record.file_name),
        sha256=record.sha256.hex() if record.sha256 else "",
        size=record.size,
        license=record.license or "",
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


MARK = "conda"
"""The local part of a stand-in's version: no index has it, so uv can take none but the stand-in."""
_METADATA = re.compile(
    r"(?:^|/)site-packages/(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^-/]+)(?:-py3[\d.]*)?\.(?:dist|egg)-info(?:/|$)"
)
_OF_PYTHON = re.compile(r"python(?:_abi)?(?:\s|$|[<>=!~])")
_AT_A_TIME = 16
_LONGEST_PATH = 100
_OLD = "a component is missing"
"""What py-rattler says of a package without `info/paths.json`, as they were made until 2017."""
_READING = "read the conda packages"


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


def distributions_of(lock: CondaLock, request: CondaRequest, rattler: Any) -> tuple[Distribution, ...]:
    """The Python distributions of all packages, by name. Of a remote `.conda` file only its list of files is read.

    Raises:
        EnvironmentFailed: A package cannot be read, or lists a file outside of its folder: py-rattler (0.28) links such
            a file where it is told to, and an absolute path ends this process.
    """
    try:
        listings = run_rattler(_listings(list(lock.records), rattler))
    except errors_of(rattler) as error:
        raise explain_conda(_READING, error, request) from None
    for package, paths in zip(lock.packages, listings, strict=True):
        if outside := next(filter(_is_outside, paths), None):
            shown = "".join(filter(str.isprintable, outside))[:_LONGEST_PATH]
            what = f"`{package.file_name}` of the channel `{package.channel}` lists `{shown}`, outside of its folder"
            where = next((spec.location for spec in request.specs if spec.name == package.name), None)
            remedy = "Do not install it before you know why: ask the channel's owner."
            raise EnvironmentFailed(_READING, [Problem(what, remedy, "environment-file", where)])
    of_python = [paths for paths, record in zip(listings, lock.records, strict=True) if _is_of_python(record)]
    found = {one.name: one for paths in of_python for path in paths if (one := distribution_at(path))}
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


def _is_outside(path: str) -> bool:
    pure = PurePosixPath(path)
    return pure.is_absolute() or ".." in pure.parts


def _is_of_python(record: Any) -> bool:
    return bool(record.noarch.python) or any(_OF_PYTHON.match(needed) for needed in record.depends)


async def _listings(records: list[Any], rattler: Any) -> list[list[str]]:
    import asyncio  # noqa: PLC0415 - few runs need conda

    client, few = rattler.Client.default_client(), asyncio.Semaphore(_AT_A_TIME)

    async def listing(record: Any) -> list[str]:
        async with few:
            parts = urlsplit(record.url)
            archive = rattler.package_streaming.PackageArchive
            opening = (
                archive.from_path(unquote(parts.path))
                if parts.scheme == "file"
                else archive.from_url(client, record.url)
            )
            try:
                paths = await (await opening).paths_json()
            except errors_of(rattler) as error:
                if _is_of_python(record) or _OLD not in str(error):
                    raise
                return []
            return [str(path.relative_path) for path in paths.paths]

    return await asyncio.gather(*(listing(record) for record in records))
