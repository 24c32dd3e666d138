"""What conda packages hold of Python distributions, and stand-ins for them that uv takes into account.

A stand-in is a wheel without files and without requirements, under the distribution's name and version. So whatever
the wheels on top ask for is held against what conda brings, and nothing that conda brings is looked for elsewhere.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from functions_model.environment.conda_failures import errors_of, explain_conda
from functions_model.environment.rattler_tool import run_rattler

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from functions_model.environment.conda_lock import CondaLock
    from functions_model.environment.request import CondaRequest

MARK = "conda"
"""The local part of a stand-in's version: no index has it, so uv can take none but the stand-in."""
_METADATA = re.compile(
    r"(?:^|/)site-packages/(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^-/]+)(?:-py3[\d.]*)?\.(?:dist|egg)-info(?:/|$)"
)
_OF_PYTHON = re.compile(r"python(?:_abi)?(?:\s|$|[<>=!~])")
_AT_A_TIME = 16


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
        EnvironmentFailed: A package cannot be read.
    """
    records = [record for record in lock.records if _is_of_python(record)]
    try:
        listings = run_rattler(_listings(records, rattler))
    except errors_of(rattler) as error:
        action = "read the conda packages"
        raise explain_conda(action, error, request) from None
    found = {one.name: one for paths in listings for path in paths if (one := distribution_at(path))}
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
            paths = await (await opening).paths_json()
            return [str(path.relative_path) for path in paths.paths]

    return await asyncio.gather(*(listing(record) for record in records))
