"""What people read, held to our style by textlint: pages, and the texts in the product's code."""

from __future__ import annotations

import ast
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support.tools import ROOT, TEXTLINT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STYLES = ROOT / "tests" / "prose"
STYLE = STYLES / "style.yml"
LIGHTER = STYLES / "lighter.yml"
"""For pages that the project's own people read, those made of their tables, and what was written on a day and stays."""
SOURCES = sorted((ROOT / "src" / "functions_model").rglob("*.py"))
OF_TABLES = ("architecture.md", "events.md", "not-verified.md")
"""Pages that are mostly what other documents say: docstrings of rooms and events, and beliefs."""
PAGES = sorted(
    {
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/glossary.md", "docs/how-it-works.md")
    }
    | {
        page
        for pattern in ("docs/**/*.md", "examples/*/README.md", "azure-pipelines/**/*.md", ".github/**/*.md")
        for page in ROOT.glob(pattern)
        if "decisions" not in page.parts and page.name not in OF_TABLES
    }
)
LIGHTER_PAGES = sorted(
    [
        ROOT / "CHANGELOG.md",
        *(page for name in OF_TABLES for page in ROOT.glob(f"docs/**/{name}")),
        *(page for folder in ("docs/decisions", "src", "native") for page in (ROOT / folder).rglob("*.md")),
        *ROOT.glob("tests/*/README.md"),
    ]
)
SHORTEST = 3
"""Words: what has fewer is a name, a key or a part of a sentence."""
LONGEST_WORD = 60
"""Letters: what has a longer one is a pattern or an address."""
ACRONYM = "is unexpanded acronym"
FEW = 100
"""Texts in one file: textlint's time grows with the square of them."""


@dataclass(frozen=True, slots=True)
class Message:
    """A text of the product's code.

    Attributes:
        place: File, relative to the repository, and line.
        text: What it says, with `…` for what is filled in.
    """

    place: str
    text: str


def lint(files: Iterable[Path], style: Path = STYLE) -> list[tuple[Path, int, str]]:
    """Each file, line and complaint.

    Raises:
        RuntimeError: textlint could not look, as when the style has a rule that is not installed.
    """
    look = [TEXTLINT, "--rules-base-directory", TEXTLINT.parents[1], "--config", style, "--format", "json"]
    command = [str(one) for one in (*look, *files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT)
    if done.returncode not in (0, 1) or done.stderr:
        raise RuntimeError(f"textlint ended with {done.returncode}: {done.stderr}")
    return [
        (Path(file["filePath"]), said["line"], said["message"].partition("\n")[0])
        for file in json.loads(done.stdout)
        for said in file["messages"]
    ]


def lint_texts(texts: list[str], folder: Path, style: Path = STYLE) -> list[list[str]]:
    """The complaints about each text, in their order, without acronyms, which pages explain; `folder` gets files."""
    pages = {folder / f"{first}.md": first for first in range(0, len(texts), FEW)}
    for page, first in pages.items():
        page.write_text("\n\n".join(" ".join(text.split()) for text in texts[first : first + FEW]) + "\n")
    complaints: list[list[str]] = [[] for _ in texts]
    for page, line, said in (one for one in lint(pages, style) if ACRONYM not in one[2]):
        complaints[pages[page] + (line - 1) // 2].append(said)
    return complaints


def messages() -> list[Message]:
    """All lines of text that the product's code can say, without those that document it."""
    return [
        Message(f"{source.relative_to(ROOT)}:{first}", line)
        for source in SOURCES
        for first, text in _texts(ast.parse(source.read_text()))
        for line in text.splitlines()
        if len(words := line.split()) >= SHORTEST and max(map(len, words)) <= LONGEST_WORD
    ]


def _texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.JoinedStr):
        yield node.lineno, "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    for child in ast.iter_child_nodes(node):
        if not isinstance(node, ast.JoinedStr) or isinstance(child, ast.FormattedValue):
            yield from _texts(child)
