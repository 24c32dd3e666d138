"""The blocks of code in the pages, and what becomes of each: a check, a test that runs it, or a reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from markdown_it import MarkdownIt

from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEDGER = ROOT / "tests" / "prose" / "blocks.yml"
PAGES = sorted(
    {
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("examples/*/README.md"),
        *ROOT.glob("azure-pipelines/**/*.md"),
    }
)
SHELLS = ("sh", "bash")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code in a page: with fences, or indented.

    Attributes:
        page: Relative to the repository.
        line: Of its first line of code.
        language: The word behind the fence; empty without one.
        text: Its lines.
    """

    page: str
    line: int
    language: str
    text: str

    @property
    def first(self) -> str:
        """Its first line, by which the ledger knows it."""
        return self.text.strip().splitlines()[0].strip()

    @property
    def key(self) -> tuple[str, str]:
        """What the ledger names it by."""
        return self.page, self.first

    def __str__(self) -> str:
        """For people."""
        return f"{self.page}:{self.line} ({self.language or 'no language'}) {self.first}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger says of a block.

    Attributes:
        page: Relative to the repository.
        first: The block's first line.
        why: Why no test runs it; empty when one does.
        test: The test that runs it, as pytest or make call it; empty when none does.
    """

    page: str
    first: str
    why: str = ""
    test: str = ""


def blocks(pages: list[Path] = PAGES) -> list[Block]:
    """All of them, page by page."""
    return [block for page in pages for block in _blocks(page)]


def _blocks(page: Path) -> Iterator[Block]:
    for token in MarkdownIt().parse(page.read_text()):
        if token.type in ("fence", "code_block") and token.map:
            fenced = token.type == "fence"
            name = page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name
            yield Block(name, token.map[0] + 1 + fenced, token.info.strip() if fenced else "", token.content)


def ledger() -> list[Entry]:
    """What tests/prose/blocks.yml says."""
    read: dict[str, list[dict[str, Any]]] = yaml.safe_load(LEDGER.read_text())
    return [Entry(**one) for part in ("run elsewhere", "not run") for one in read[part]]


def run_here(found: list[Block]) -> list[Block]:
    """The blocks for a shell that no entry of the ledger is about: `tests/e2e/test_fenced_commands.py` runs them."""
    known = {(entry.page, entry.first) for entry in ledger()}
    return [one for one in found if one.language in SHELLS and one.key not in known]
