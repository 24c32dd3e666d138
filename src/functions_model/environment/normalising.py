"""What is installed, held against what its packages say of it, and made the same on every machine.

uv and py-rattler link files of their caches into each environment. Whoever then changes an installed file in place,
such as a tool of a company that adds its authority to certifi's `cacert.pem`, has changed the cache, and with it
every environment that is installed later from the same lock.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple


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


_SHA256 = re.compile(r"[A-Za-z0-9_-]{43}")
"""In base64, without its padding."""


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
                if kind == "sha256" and _SHA256.fullmatch(value):
                    yield _Promised(package, name, base64.urlsafe_b64decode(f"{value}=").hex())


def _of_conda(prefix: Path) -> Iterator[_Promised]:
    for record in sorted(prefix.glob("conda-meta/*.json")):
        package = json.loads(record.read_bytes())
        for entry in package.get("paths_data", {}).get("paths", ()):
            if digest := entry.get("sha256_in_prefix") or entry.get("sha256"):
                yield _Promised(package["name"], entry["_path"], digest)


_INTERPRETER = b"#!/usr/bin/env python3\n"
_DIRECT = re.compile(rb"\A#![^\n]*python[0-9.]*(?:[ \t][^\n]*)?\n")
_THROUGH_SHELL = re.compile(rb"\A#!/bin/sh\n'''exec'[^\n]*\n' '''\n")
"""How an interpreter's path too long for a first line is written."""
_UVS_FILES = ("uv_cache.json", "uv_build.json")
"""Written by uv beside a package's metadata; they hold times and paths of this machine."""


def normalise(site_packages: Path) -> None:
    """Take out byte code, lock files and the building interpreter's path; keep each RECORD true to its files."""
    _clear(site_packages, (".lock", ".gitignore", "CACHEDIR.TAG"))
    for compiled in [*site_packages.rglob("*.pyc")]:
        compiled.unlink()
    scripts = site_packages / "bin"
    for script in sorted(scripts.iterdir()) if scripts.is_dir() else ():
        _normalise_script(script)
    for record in sorted(site_packages.glob("*.dist-info/RECORD")):
        for name in _UVS_FILES:
            (record.parent / name).unlink(missing_ok=True)
        _rewrite_record(record, site_packages)


def _clear(folder: Path, names: Iterable[str]) -> None:
    """Remove these files, and byte code of every depth."""
    for name in names:
        (folder / name).unlink(missing_ok=True)
    for cache in [*folder.rglob("__pycache__")]:
        shutil.rmtree(cache)


def _normalise_script(script: Path) -> None:
    """Start it with whichever Python is first on the image's PATH."""
    if not script.is_file():
        return
    content = script.read_bytes()
    for pattern in (_THROUGH_SHELL, _DIRECT):
        changed = pattern.sub(_INTERPRETER, content)
        if changed != content:
            _replace(script, changed)
            return


def _rewrite_record(record: Path, site_packages: Path) -> None:
    """Drop files that are gone, and say what the others hold now. Entries are sorted.

    https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file
    """
    rows = []
    for name, digest, size in csv.reader(io.StringIO(record.read_text(encoding="utf-8"))):
        file = site_packages / name
        if file.is_file():
            changed = digest and (file.parent == site_packages / "bin")
            rows.append((name, *_digest_and_size(file)) if changed else (name, digest, size))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(rows))
    _replace(record, text.getvalue().encode())


def _replace(file: Path, content: bytes) -> None:
    """Write a new file in the place of the old one, which may be a hard link into uv's cache."""
    mode = file.stat().st_mode
    file.unlink()
    file.write_bytes(content)
    file.chmod(mode)


def _digest_and_size(file: Path) -> tuple[str, str]:
    content = file.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"sha256={digest}", str(len(content))


_MACHINE_FILES = ("CACHEDIR.TAG", ".condarc", "conda-meta/history", "conda-meta/.gitignore")
_KEPT = (
    "name", "version", "build", "build_number", "subdir", "fn", "depends", "constrains", "noarch", "license", "sha256",
    "size", "timestamp",
)  # fmt: skip
"""Of a package's record. The rest are paths of this machine, a URL that may hold a token, and what some releases of
py-rattler add and others do not."""
_KEPT_OF_PATHS = ("_path", "path_type", "sha256", "sha256_in_prefix", "size_in_bytes")
_WHEN = ("pre", "post")
_ACTIVATE = "etc/conda/activate.d/"
_BYTECODE = (".pyc", ".pyo")


def normalise_prefix(prefix: Path, channels: Mapping[str, str]) -> None:
    """Take out byte code, dates, caches, links that lead nowhere, and this machine's paths.

    Args:
        prefix: What was installed.
        channels: The channel's name for each package, by its file's name.
    """
    _clear(prefix, _MACHINE_FILES)
    for path in [*prefix.rglob("*")]:
        if path.suffix in _BYTECODE or (path.is_symlink() and not _leads_inside(path, prefix)):
            path.unlink()
    for record in sorted(prefix.glob("conda-meta/*.json")):
        _rewrite(record, prefix, channels)


def unlinked(prefix: Path) -> tuple[str, ...]:
    """Warnings about what packages do on a machine of their own, and what does not happen in an image."""
    records = [json.loads(path.read_bytes()) for path in sorted(prefix.glob("conda-meta/*.json"))]
    scripts = [one["name"] for one in records if {f"bin/.{one['name']}-{when}-link.sh" for when in _WHEN} & _files(one)]
    activated = [one["name"] for one in records if any(path.startswith(_ACTIVATE) for path in _files(one))]
    warnings = []
    if scripts:
        warnings.append(
            f"These conda packages have scripts for their installation, which did not run: {_listed(scripts)}. If"
            " one of them does not work, install it in a Dockerfile of your own (`builder: docker`)."
        )
    if activated:
        warnings.append(
            f"These conda packages set variables when an environment is activated: {_listed(activated)}. A function app"
            " activates none. Give the variables that the model needs in `app-settings`."
        )
    return tuple(warnings)


def _files(record: Mapping[str, Any]) -> set[str]:
    return set(record.get("files", ()))


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _leads_inside(link: Path, prefix: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(prefix.resolve())
    except (OSError, RuntimeError):  # RuntimeError: a circle of links, before Python 3.13
        return False


def _rewrite(path: Path, prefix: Path, channels: Mapping[str, str]) -> None:
    """A package's record, of which conda and scanners read which package is there and which files are its own."""
    record = json.loads(path.read_bytes())
    kept = {key: record[key] for key in _KEPT if key in record}
    kept["channel"] = channels[record["fn"]]
    kept["files"] = sorted(name for name in record["files"] if _is_there(prefix / name))
    paths = [
        {key: entry[key] for key in _KEPT_OF_PATHS if key in entry}
        for entry in sorted(record["paths_data"]["paths"], key=lambda entry: str(entry["_path"]))
        if _is_there(prefix / entry["_path"])
    ]
    kept["paths_data"] = {"paths": paths, "paths_version": 1}
    path.unlink()  # it may be a hard link
    path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.exists()
