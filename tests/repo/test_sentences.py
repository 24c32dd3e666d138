"""How messages and pages speak: *you* and *the action*, in Azure's and Git's own words."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BETTER = {
    r"mend(s|ed|ing)?": "fix",
    r"(is|are|was|were) told": "who tells whom",
    r"stands? for": "what it means, or replaces",
    r"(is|are) opened": "who opens it",
    r"that (is|are) there|was there before": "existing",
    r"it is not given": "required",
    r"given beside": "cannot be combined with",
    r"put back": "rolled back, restored",
    r"in the place of": "instead of",
    r"all the same": "anyway",
}
"""What reads as translated, and what says it better."""
SOURCES = sorted((ROOT / "src/functions_model").rglob("*.py"))
PAGES = sorted(
    [ROOT / "README.md"]
    + [page for folder in ("docs/how-to", "docs/reference", "examples") for page in (ROOT / folder).rglob("*.md")]
)


def _texts(source: Path) -> Iterator[str]:
    """What code may say: its texts without those that document it."""
    tree = ast.parse(source.read_text())
    documents = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value


def _translated(text: str) -> list[str]:
    """Each phrase that there is a better one for, with that one."""
    words = " ".join(text.split())
    return [
        f"`{found[0]}`, better: {better}"
        for phrase, better in BETTER.items()
        for found in re.finditer(rf"\b({phrase})\b", words, re.IGNORECASE)
    ]


def test_messages_are_in_plain_words() -> None:
    """None has a phrase that there is a better one for."""
    found = [(source.name, said) for source in SOURCES for text in _texts(source) for said in _translated(text)]

    assert [] == found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_are_in_plain_words(page: Path) -> None:
    """None has a phrase that there is a better one for."""
    assert [] == _translated(page.read_text())


def test_finds_such_phrases() -> None:
    """In any case, and only whole words."""
    found = _translated("Mend the line: recommended,\nare told.")

    assert ["`Mend`, better: fix", "`are told`, better: who tells whom"] == found
