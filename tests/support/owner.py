"""Whose repository this is, as the documents, the examples and the package say it now (`make owner` writes it)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


@cache
def repository() -> str:
    """`<owner>/<repository>`: `OWNER/functions-model-action` until somebody has written another one."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    return str(project["urls"]["Repository"]).removeprefix("https://github.com/")
