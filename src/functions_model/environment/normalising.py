"""Installed packages made the same on every machine: nothing of this machine stays in them."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_INTERPRETER = b"#!/usr/bin/env python3\n"
_DIRECT = re.compile(rb"\A#![^\n]*python[0-9.]*(?:[ \t][^\n]*)?\n")
_THROUGH_SHELL = re.compile(rb"\A#!/bin/sh\n'''exec'[^\n]*\n' '''\n")
"""How an interpreter's path too long for a first line is written."""
_MACHINE_FILES = ("uv_cache.json", "uv_build.json")
"""Written by uv beside a package's metadata; they hold times and paths of this machine."""


def normalise(site_packages: Path) -> None:
    """Take out byte code, lock files and the building interpreter's path; keep each RECORD true to its files."""
    for name in (".lock", ".gitignore", "CACHEDIR.TAG"):
        (site_packages / name).unlink(missing_ok=True)
    for cache in [*site_packages.rglob("__pycache__")]:
        shutil.rmtree(cache)
    for compiled in [*site_packages.rglob("*.pyc")]:
        compiled.unlink()
    scripts = site_packages / "bin"
    for script in sorted(scripts.iterdir()) if scripts.is_dir() else ():
        _normalise_script(script)
    for record in sorted(site_packages.glob("*.dist-info/RECORD")):
        for name in _MACHINE_FILES:
            (record.parent / name).unlink(missing_ok=True)
        _rewrite_record(record, site_packages)


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
