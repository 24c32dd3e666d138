"""What a page of Markdown consists of, as Markdown's own parser reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.token import Token


@dataclass
class Kinds:
    """What there is on a page besides words.

    Attributes:
        links: The addresses of those whose words are others: one sees where any other leads.
        pictures: Their addresses.
        tags: Of HTML, as they are written.
        headings: Their words.
        uneven: Rows of tables that have more or fewer cells than their heads.
    """

    links: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    uneven: list[int] = field(default_factory=list)


def kinds_on(page: str) -> Kinds:
    """What there is on the page: CommonMark, with tables as GitHub and Azure DevOps have them."""
    found, columns, cells, before = Kinds(), 0, 0, ""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(page):
        match token.type:
            case "html_block":
                found.tags += _tags(token.content)
            case "inline":
                _look(token, found)
                if before == "heading_open":
                    found.headings.append(token.content)
            case "th_open":
                columns += 1
            case "td_open":
                cells += 1
            case "tr_close":
                if cells not in {0, columns}:
                    found.uneven.append(cells)
                cells = 0
            case "table_close":
                columns = 0
        before = token.type
    return found


def _look(inline: Token, found: Kinds) -> None:
    parts = inline.children or []
    for token, behind in zip_longest(parts, parts[1:]):
        if token.type == "link_open" and (behind is None or behind.content != token.attrs["href"]):
            found.links.append(str(token.attrs["href"]))
        elif token.type == "image":
            found.pictures.append(str(token.attrs["src"]))
        elif token.type == "html_inline":
            found.tags.append(token.content)


def _tags(block: str) -> list[str]:
    return [f"<{part.partition('>')[0]}>" for part in block.split("<")[1:]]
