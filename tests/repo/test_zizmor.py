"""zizmor at its strictest finds nothing in what people copy: the examples, and the YAML of the documents.

`make check` looks at our own workflows in the same way, with no exceptions.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.workflow_blocks import documented_workflows, workflow

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).with_name("zizmor.yml")


def _told(folder: Path) -> str:
    """What zizmor says of every workflow in a folder."""
    zizmor = Path(sys.executable).with_name("zizmor")
    options = ("--offline", "--no-progress", "--quiet", "--persona=auditor", f"--config={CONFIG}", "--format=plain")
    files = sorted(folder.glob("*.yml"))
    done = subprocess.run([zizmor, *options, *files], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def _write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.yml").write_text(text)


def test_the_examples(tmp_path: Path) -> None:
    """Each one's workflow."""
    files = sorted([*ROOT.glob("examples/*/workflow.yml"), *ROOT.glob("examples/workflows/*.yml")])
    for path in files:
        _write(tmp_path, f"{path.parent.name}-{path.stem}", path.read_text())

    assert len(files) >= 6 + 13
    assert "" == _told(tmp_path)


def test_the_yaml_of_the_documents(tmp_path: Path) -> None:
    """Whole workflows, and parts of one; a file's name says page and line."""
    blocks = documented_workflows(ROOT)
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
    _write(tmp_path, "bad", workflow(f"steps:\n  {line}\n"))

    assert f"[{rule}]" in _told(tmp_path)
