"""The workflows in the documents: whole ones, and those that are made of a part, so that a linter can read it."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

from support.owner import repository

_PATTERNS = ("*.md", "docs/**/*.md", "examples/*/README.md", "native/**/*.md")
_BLOCK = re.compile(r"^```ya?ml\n(.*?)^```", re.DOTALL | re.MULTILINE)
_OF_A_JOB = {"concurrency", "env", "outputs", "permissions", "steps", "with"}
_AROUND = """\
name: fragment
on: workflow_dispatch
permissions: {}
concurrency:
  group: fragment
  cancel-in-progress: false
jobs:
  fragment:
    runs-on: ubuntu-latest
    environment: production
"""
_STEPS = f"    steps:\n      - uses: {repository()}@v1\n"


def workflow(text: str) -> str:
    """The workflow that a block is, or that is made of it; empty for one that is no part of a workflow."""
    read: Any = yaml.safe_load(text)
    if not isinstance(read, dict):
        return ""
    if "jobs" in read:
        return text
    if not set(read) <= _OF_A_JOB:
        return ""
    if "with" in read:
        return f"{_AROUND}{_STEPS}{indent(text, ' ' * 8)}"
    return f"{_AROUND}{indent(text, ' ' * 4)}{'' if 'steps' in read else _STEPS}"


def documented_workflows(root: Path) -> dict[str, str]:
    """Workflows by page and line, of a checkout. Pages about Azure Pipelines have none."""
    pages = {path for pattern in _PATTERNS for path in root.glob(pattern)}
    found = {
        f"{path.relative_to(root).as_posix().replace('/', '--')}-{text[: block.start()].count(chr(10)) + 2}": block[1]
        for path in sorted(pages)
        if not path.name.startswith("azure-pipelines")
        for text in [path.read_text()]
        for block in _BLOCK.finditer(text)
    }
    return {name: made for name, text in found.items() if (made := workflow(text))}
