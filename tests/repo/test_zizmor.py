"""zizmor at its strictest finds nothing in what people copy: the examples, and the YAML of the documents.

`make check` looks at our own workflows in the same way, with no exceptions.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).with_name("zizmor.yml")
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "examples/*/README.md", "native/**/*.md")
    for path in ROOT.glob(pattern)
    if not path.name.startswith("azure-pipelines")
)
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
_STEPS = "    steps:\n      - uses: functions-model-action@v1\n"


def _workflow(text: str) -> str:
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


def _blocks() -> dict[str, str]:
    """Workflows by page and line."""
    found = {
        f"{path.relative_to(ROOT).as_posix().replace('/', '--')}-{text[: block.start()].count(chr(10)) + 2}": block[1]
        for path in PAGES
        for text in [path.read_text()]
        for block in _BLOCK.finditer(text)
    }
    return {name: made for name, text in found.items() if (made := _workflow(text))}


def _told(folder: Path) -> str:
    """What zizmor says of every workflow in a folder."""
    zizmor = Path(sys.executable).with_name("zizmor")
    options = ("--offline", "--no-progress", "--quiet", "--persona=auditor", f"--config={CONFIG}", "--format=plain")
    files = sorted(folder.glob("*.yml"))
    done = subprocess.run([zizmor, *options, *files], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def _write(folder: Path, name: str, text: str) -> None:
    """A workflow that zizmor reads: the action with an owner, for whom the documents leave a place."""
    named = re.sub(r"uses: (?:<owner>/)?functions-model-action@", "uses: owner/functions-model-action@", text)
    (folder / f"{name}.yml").write_text(named)


def test_the_examples(tmp_path: Path) -> None:
    """Each one's workflow."""
    files = sorted(ROOT.glob("examples/*/workflow.yml"))
    for path in files:
        _write(tmp_path, path.parent.name, path.read_text())

    assert len(files) >= 6
    assert "" == _told(tmp_path)


def test_the_yaml_of_the_documents(tmp_path: Path) -> None:
    """Whole workflows, and parts of one; a file's name says page and line."""
    blocks = _blocks()
    for name, text in blocks.items():
        _write(tmp_path, name, text)

    assert len(blocks) > 25
    assert "" == _told(tmp_path)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("- uses: actions/checkout@v7", "artipacked"),
        ("- run: echo ${{ github.event.issue.title }}", "template-injection"),
    ],
)
def test_it_would_find_something(tmp_path: Path, line: str, rule: str) -> None:
    """The exceptions leave the rest."""
    _write(tmp_path, "bad", _workflow(f"steps:\n  {line}\n"))

    assert f"[{rule}]" in _told(tmp_path)
