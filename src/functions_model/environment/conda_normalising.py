"""An installed conda prefix made the same on every machine: nothing of this machine stays in it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

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
    for name in _MACHINE_FILES:
        (prefix / name).unlink(missing_ok=True)
    for cache in [*prefix.rglob("__pycache__")]:
        shutil.rmtree(cache)
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
