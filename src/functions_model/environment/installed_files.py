"""Installed files held against what their packages say of them: a cache that others can write holds other files, too.

uv and py-rattler link files of their caches into each environment. Whoever then changes an installed file in place,
such as a tool of a company that adds its authority to certifi's `cacert.pem`, has changed the cache, and with it
every environment that is installed later from the same lock.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple


class Altered(NamedTuple):
    """An installed file that is not what its package says.

    Attributes:
        package: The package's name, as its metadata's folder or file spells it.
        path: Below the folder of the installation.
        sha256: Of what it holds, in hex.
    """

    package: str
    path: str
    sha256: str


class _Promised(NamedTuple):
    package: str
    path: str
    sha256: str


def altered_wheels(site_packages: Path) -> frozenset[Altered]:
    """Files that are not what the RECORD beside them says.

    https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file
    """
    return _altered(site_packages, _of_wheels(site_packages))


def altered_conda(prefix: Path) -> frozenset[Altered]:
    """Files that are not what the record of their package in `conda-meta` says."""
    return _altered(prefix, _of_conda(prefix))


def _altered(folder: Path, promised: Iterable[_Promised]) -> frozenset[Altered]:
    with ThreadPoolExecutor() as pool:
        return frozenset(filter(None, pool.map(lambda one: _held(folder, one), promised)))


def _held(folder: Path, promised: _Promised) -> Altered | None:
    path = folder / promised.path
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    return None if found == promised.sha256 else Altered(promised.package, promised.path, found)


def _of_wheels(site_packages: Path) -> Iterator[_Promised]:
    for record in sorted(site_packages.glob("*.dist-info/RECORD")):
        package = record.parent.name.split("-")[0]
        with record.open(encoding="utf-8", newline="") as stream:
            for name, digest, _size in csv.reader(stream):
                kind, _, value = digest.partition("=")
                if kind == "sha256":
                    yield _Promised(package, name, base64.urlsafe_b64decode(f"{value}=").hex())


def _of_conda(prefix: Path) -> Iterator[_Promised]:
    for record in sorted(prefix.glob("conda-meta/*.json")):
        package = json.loads(record.read_bytes())
        for entry in package.get("paths_data", {}).get("paths", ()):
            if digest := entry.get("sha256_in_prefix") or entry.get("sha256"):
                yield _Promised(package["name"], entry["_path"], digest)
