"""Text as parts of a Markdown page."""

from __future__ import annotations


def fenced(text: str) -> str:
    """A code block that its own content cannot end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text.rstrip()}\n{fence}"


def quoted(text: str) -> str:
    """The lines after the first, as those of the same quotation."""
    return text.replace("\n", "\n> ")


def cell(text: str) -> str:
    """What one cell of a table can hold."""
    return text.replace("|", "\\|").replace("\n", " ")


def folded(title: str, body: str) -> str:
    """A part that a click opens."""
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"
