"""What a project's own files say of its packages: the lock of uv, Poetry, PDM or pip, and `pyproject.toml`."""

from __future__ import annotations

import tomllib
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from functions_model.scaffold.looking import Folder

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")


def declared(folder: Folder) -> dict[str, str]:
    """Lines of a requirements file by package: a lock's version, else the range that the project asks for."""
    project = _toml(folder, "pyproject.toml").get("project")
    asked = project.get("dependencies") if isinstance(project, dict) else None
    found = dict(_asked(str(line)) for line in asked) if isinstance(asked, list) else {}
    for file in _LOCKS:
        document = _toml(folder, file)
        found |= _locked(document.get("package") or document.get("packages"))
    return {name: line for name, line in found.items() if name and line}


def _toml(folder: Folder, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(folder.text(file))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _asked(line: str) -> tuple[str, str]:
    try:
        asked = Requirement(line)
    except (InvalidRequirement, RecursionError):
        return "", ""
    return canonicalize_name(asked.name), "" if asked.url or not asked.specifier else f"{asked.name}{asked.specifier}"


def _locked(packages: Any) -> dict[str, str]:
    """Of packages that are there in one version alone."""
    if not isinstance(packages, list):
        return {}
    pairs = [(one.get("name"), one.get("version")) for one in packages if isinstance(one, dict)]
    lines = {(canonicalize_name(str(name)), f"{name}=={version}") for name, version in pairs if name and version}
    names = [name for name, _ in lines]
    return {name: line for name, line in lines if names.count(name) == 1}
