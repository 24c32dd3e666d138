"""The packages of a `pylock.toml`: what an index says of them, beside their versions and hashes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from urllib.parse import unquote

from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock
from packaging.utils import InvalidWheelFilename, parse_wheel_filename


class WheelKind(Enum):
    """What a package's wheels hold, as their tags say it.

    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
    """

    ANY = "files for any machine"
    NATIVE = "programs or libraries for one platform"
    EXTENSION = "modules compiled against Python's own interface"


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package of a lock.

    Attributes:
        name: Normalised.
        version: Its version, or the URL that it comes from.
        hashes: What its files may hash to, `sha256:...`: those that fit the image, and no others. So a wheel that is
            uploaded later, for some other platform, changes no lock.
        is_source: Whether no wheel of it fits, so that the hashes are those of its source.
        size: The bytes of its largest file, as the index says; None when it does not.
        kind: What its wheels hold.
        uploaded: When the first of its files came to the index; None when that does not say.
    """

    name: str
    version: str
    hashes: tuple[str, ...]
    is_source: bool = False
    size: int | None = None
    kind: WheelKind = WheelKind.ANY
    uploaded: datetime | None = None


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
        is_source, kind = not url.endswith(".whl"), kind_of([unquote(url.rpartition("/")[2])])
        return LockedPackage(package.name, url, _hashes(archive.hashes), is_source, archive.size, kind)
    wheels = package.wheels or ()
    sources = (package.sdist,) if package.sdist else ()
    files: Sequence[PackageWheel | PackageSdist] = wheels or sources
    return LockedPackage(
        package.name,
        str(package.version),
        _hashes(*(file.hashes for file in files)),
        not wheels,
        max((file.size for file in files if file.size is not None), default=None),
        kind_of(wheel.filename for wheel in wheels),
        min((file.upload_time for file in files if file.upload_time), default=None),
    )


def kind_of(wheels: Iterable[str]) -> WheelKind:
    """What the most special of these wheels holds, by their file names; names that are no wheel's do not count."""
    found = {WheelKind.ANY}
    for name in wheels:
        try:
            tags = parse_wheel_filename(name)[3]
        except InvalidWheelFilename:
            continue
        for tag in tags:
            native = WheelKind.NATIVE if tag.abi == "none" else WheelKind.EXTENSION
            found.add(WheelKind.ANY if tag.platform == "any" else native)
    return next(kind for kind in (WheelKind.EXTENSION, WheelKind.NATIVE, WheelKind.ANY) if kind in found)


def _hashes(*files: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted({f"{kind}:{value}" for hashes in files for kind, value in hashes.items()}))
