"""What is installed, made the same on every machine: nothing of this machine stays in it."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

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
            f"These conda packages have scripts for their installation, which were not run: {_listed(scripts)}. If"
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
