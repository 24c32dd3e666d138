"""What the package indexes have of a package that no image can take: files for other systems, and its own words.

uv is asked for every file of a release at once, whatever machine it is for, and is told what the package depends on,
so that nothing of it is built or run. Of a source package only its metadata is read.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from packaging.metadata import RawMetadata, parse_email
from packaging.pylock import Package, Pylock, PylockValidationError
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from functions_model.environment.request import IndexSettings
from functions_model.environment.uv_process import UvRefused, run_uv
from functions_model.image.foreign_tar import BROKEN, members_of

_MOST_BYTES, _MOST_METADATA, _PATIENCE = 8 << 20, 1 << 17, 10
"""Unpacked bytes of a source package and bytes of its metadata that are read, and seconds that its server has."""
_LONGEST_WORDS = 160
_EARLIER = ("3.8", "3.10")
"""Pythons for which older releases have wheels: the second one for those that do not support the first."""
_SYSTEMS = (("win", "Windows"), ("macosx", "macOS"), ("manylinux", "Linux"), ("musllinux", "Linux"), ("linux", "Linux"))
_CLASSIFIERS = (("Microsoft", "Windows"), ("MacOS", "macOS"))
_WORDS = ((re.compile(r"\bWindows\b|\bWin32\b"), "Windows"), (re.compile(r"\bmacOS\b|\bOS X\b|\bMac\b"), "macOS"))
_OTHERS = re.compile(r"\bLinux\b|\bUnix\b|[Cc]ross-platform|\bPOSIX\b")
_POINTS = re.compile(
    r"\b(?:deprecated|removed|dummy|placeholder|renamed|moved|obsolete|superseded|instead|points? to)\b", re.IGNORECASE
)
_PACKAGE = r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])"
_MEANT = (
    re.compile(rf"\({_PACKAGE}\)"),
    re.compile(rf"\b(?:use|install|to|by|for)\s+(?:the\s+)?[\"'`]?{_PACKAGE}", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What indexes have of a package.

    Attributes:
        systems: That its wheels are for: `Linux`, `Windows`, `macOS`, and `any` for those that run everywhere.
        has_source: Whether there is a source package.
        words: What the newest source package says of itself, one line; empty when that was not asked.
        meant_for: The systems that its metadata names, when it names no others.
    """

    systems: frozenset[str] = frozenset()
    has_source: bool = False
    words: str = ""
    meant_for: frozenset[str] = frozenset()

    @property
    def is_foreign(self) -> bool:
        """Whether no wheel of it is for Linux, or for everything."""
        return self.systems <= {"Windows", "macOS"}

    @property
    def only_for(self) -> tuple[str, ...]:
        """The systems that it is for, when Linux is not among them and no source helps; else nothing."""
        if not (self.is_foreign and (self.systems or self.meant_for)):
            return ()
        if self.has_source and not self.meant_for:
            return ()
        return tuple(sorted(self.meant_for or self.systems))

    @property
    def points_elsewhere(self) -> bool:
        """Whether it stands on the index only to say what to use in its place."""
        return bool(_POINTS.search(self.words))

    @property
    def instead(self) -> str:
        """What to use in its place, as far as its words say so plainly; else an empty text."""
        if not self.points_elsewhere:
            return ""
        found = (match["name"] for pattern in _MEANT if (match := pattern.search(self.words)))
        return next((name for name in found if not _POINTS.search(name)), "")


@dataclass(frozen=True, slots=True)
class Indexes:
    """The indexes of a request, to be asked.

    Attributes:
        settings: Where packages come from.
        python_version: `3.11`.
        work: A folder for files on the way; it exists.
        environ: The process environment.
    """

    settings: IndexSettings
    python_version: str
    work: Path
    environ: Mapping[str, str]


def offer_of(name: str, versions: str, indexes: Indexes) -> Offer:
    """What the indexes have of a package, in the versions that are asked for and in its newest one.

    Nothing is raised where an index does not answer: less is known then.

    Args:
        name: Normalised.
        versions: A specifier, or an empty text: `==306`.
        indexes: Where to look.
    """
    newest = _release(name, "", indexes)
    asked = _release(name, versions, indexes) if versions else None
    found = [one for one in (asked, newest) if one]
    offer = Offer(
        frozenset(system for one in found for system in _systems(one)), any(one.sdist is not None for one in found)
    )
    if not offer.is_foreign:  # what it says of itself is of no use then, and need not be fetched
        return offer
    source = next((url for one in reversed(found) if (url := _source(one))), "")
    offer = _described(offer, _metadata(source)) if source else offer
    return replace(offer, systems=offer.systems | _earlier(name, indexes)) if offer.only_for else offer


def _earlier(name: str, indexes: Indexes) -> frozenset[str]:
    """The systems of its wheels for Pythons before the image's, which uv leaves out otherwise."""
    asked = (_release(name, "", replace(indexes, python_version=python)) for python in _EARLIER)
    return frozenset(system for one in asked if one for system in _systems(one))


def _release(name: str, versions: str, indexes: Indexes) -> Package | None:
    (indexes.work / "offer.in").write_text(f"{name}{versions}\n", encoding="utf-8")
    # Of a package whose dependencies are given uv reads no metadata, so it builds nothing to learn them.
    # https://docs.astral.sh/uv/reference/settings/#dependency-metadata
    known = f'[[dependency-metadata]]\nname = "{name}"\nrequires-dist = []\n'
    (indexes.work / "offer.toml").write_text(known, encoding="utf-8")
    arguments = [
        *("compile", "offer.in", "--config-file", "offer.toml", "--no-deps", "--universal"),
        *("--format", "pylock.toml", "--no-header", "--python-version", indexes.python_version),
        *("--python", sys.executable, "--no-python-downloads"),
    ]
    try:
        text = run_uv(arguments, cwd=indexes.work, environ=indexes.environ, indexes=indexes.settings)
        return next(iter(Pylock.from_dict({"packages": [], **tomllib.loads(text)}).packages), None)
    except (UvRefused, PylockValidationError, tomllib.TOMLDecodeError):
        return None


def _systems(package: Package) -> Iterator[str]:
    for wheel in package.wheels or ():
        try:
            tags = parse_wheel_filename(unquote((wheel.name or str(wheel.url or wheel.path)).rpartition("/")[2]))[3]
        except InvalidWheelFilename:
            continue
        for tag in tags:
            yield next((system for start, system in _SYSTEMS if tag.platform.startswith(start)), tag.platform)


def _source(package: Package) -> str:
    return str(package.sdist.url or "") if package.sdist else ""


def _described(offer: Offer, metadata: RawMetadata) -> Offer:
    printable = filter(str.isprintable, " ".join(metadata.get("summary", "").split()))
    return replace(offer, words="".join(printable)[:_LONGEST_WORDS], meant_for=frozenset(_meant_for(metadata)))


def _meant_for(metadata: RawMetadata) -> set[str]:
    """The systems that its classifiers name, or its summary; nothing when others are named, too."""
    systems = [one.split(" :: ")[1] for one in metadata.get("classifiers", []) if one.startswith("Operating System ::")]
    if systems:
        known = dict(_CLASSIFIERS)
        return {known[one] for one in systems} if set(systems) <= set(known) else set()
    summary = metadata.get("summary", "")
    return set() if _OTHERS.search(summary) else {system for pattern, system in _WORDS if pattern.search(summary)}


def _metadata(url: str) -> RawMetadata:
    """Of a source package, which is not unpacked; empty when it cannot be read."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - few runs need it

    try:
        with _opened(url) as stream:
            return parse_email(_metadata_file(stream))[0]
    except (*BROKEN, HTTPError):
        return {}


def _metadata_file(stream: IO[bytes]) -> bytes:
    with closing(members_of(cast("BinaryIO", stream), _MOST_BYTES)) as members:
        for member, archive in members:
            is_it = member.isfile() and re.fullmatch(r"[^/]+/PKG-INFO", member.name) and member.size <= _MOST_METADATA
            if is_it and (file := archive.extractfile(member)):
                return file.read()
    return b""


@contextmanager
def _opened(url: str) -> Iterator[IO[bytes]]:
    if url.startswith("file:"):
        path = Path(unquote(urlsplit(url).path))
        if not path.is_file():  # a pipe would never end
            raise FileNotFoundError(path)
        with path.open("rb") as stream:
            yield stream
        return
    from functions_model.core.sending import new_session  # noqa: PLC0415 - few runs need it

    with new_session() as session, session.get(url, stream=True, timeout=_PATIENCE) as response:
        response.raise_for_status()
        response.raw.auto_close = False  # whoever reads it asks whether it is open
        yield cast("IO[bytes]", response.raw)
