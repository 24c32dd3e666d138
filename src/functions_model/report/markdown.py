"""Text of others as parts of a Markdown page: what they write is shown as it is, and makes no link, picture or tag.

What a page means by its marks it writes itself. Of a text that comes to it, code between backticks stays code, as all
our sentences have it, and addresses stay addresses.
"""

from __future__ import annotations

import re
from urllib.parse import quote

_PARTS = re.compile(
    r"(?P<code>(?<!`)(?P<fence>`+)(?!`).+?(?<!`)(?P=fence)(?!`))"
    r"|(?P<address>https?://[\w~:/?#@!$&'()+,;=%.-]*[\w/#=])"
    r"|(?P<marks>[\\`\[\]|~]|(?<=\S)\*+|\*+(?=\S)|(?<!\w)_+|_+(?!\w))"
    r"|(?P<entity>&(?=#?\w+;))"
    r"|(?P<tag><)",
    re.ASCII,
)
"""Within a line: code spans (https://spec.commonmark.org/0.31.2/#code-spans), addresses, and what has a meaning.
Within a word underscores have none, nor have asterisks that stand alone."""
_BLOCK = re.compile(r"^((?:\s|-\s|\d+[.)]\s)*)(?=#|>|\+\s|\*+\s|\*{3,}$|[-=]+\s*$)")
"""A heading, a quotation, a list, or what makes a heading of the line above. Lists with hyphens are ours."""
_LINE_END = re.compile(r"\r\n?|\n")
"""https://spec.commonmark.org/0.31.2/#line-ending."""
_IN_A_LINK = "/:#@?=&%+,;~!$'*"


def prose(text: str) -> str:
    """A text in which nothing but code between backticks means anything to Markdown, nor anything to HTML."""
    return "\n".join(_BLOCK.sub(r"\1\\", _told(line, in_cell=False)) for line in _LINE_END.split(text))


def cell(text: str) -> str:
    """The same for one cell of a table, which has no lines."""
    return _told(_LINE_END.sub(" ", text), in_cell=True)


def link(text: str, address: str) -> str:
    """A link in a cell or a sentence, its words the text; without an address, or with one in its words, these alone."""
    linked = address and "://" not in text
    return f"[{cell(text)}]({quote(address, safe=_IN_A_LINK)})" if linked else cell(text)


def fenced(text: str) -> str:
    """A code block that its own content cannot end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text.rstrip()}\n{fence}"


def quoted(text: str) -> str:
    """The lines after the first, as those of the same quotation."""
    return text.replace("\n", "\n> ")


def folded(title: str, body: str) -> str:
    """A part that a click opens.

    Args:
        title: HTML.
        body: Markdown.
    """
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def _told(line: str, *, in_cell: bool) -> str:
    return _PARTS.sub(_code_in_a_cell if in_cell else _part, line)


def _code_in_a_cell(found: re.Match[str]) -> str:
    return _part(found).replace("|", "\\|") if found["code"] else _part(found)


def _part(found: re.Match[str]) -> str:
    if found["marks"]:
        return "".join(f"\\{mark}" for mark in found["marks"])
    if found["address"]:
        return f"<{found['address']}>"
    return found["code"] or ("&amp;" if found["entity"] else "&lt;")
