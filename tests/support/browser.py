"""A page as a browser shows it: the summary at the width that GitHub gives it, in headless Chromium.

The rules of GitHub's stylesheet that decide how wide things are (github.com/sindresorhus/github-markdown-css): a table
is as wide as it has to be, scrolls sideways when that is more than the page, and words longer than a line are broken
outside of tables only. Fonts are those of the machine; DejaVu, which Debian has, is wider than GitHub's.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from support.tools import chromium

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 980
"""CSS pixels that the summary of a job has on a screen of common size."""
_STYLE = """
body { margin: 0; font: 16px/1.5 "DejaVu Sans", sans-serif; overflow-wrap: break-word; }
table { display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse; }
th, td { padding: 6px 13px; border: 1px solid #d1d9e0; }
code { padding: 0.2em 0.4em; font: 85% "DejaVu Sans Mono", monospace; white-space: break-spaces; background: #eff1f3; }
pre { padding: 16px; font-size: 85%; overflow: auto; background: #f6f8fa; }
pre code { padding: 0; font-size: 100%; white-space: pre; background: none; }
blockquote { margin: 0; padding: 0 1em; border-left: 0.25em solid #d1d9e0; }
"""
_MEASURE = """
const seen = element => ({
  wide: element.scrollWidth > element.clientWidth, name: element.tagName, text: element.textContent.slice(0, 60)
});
const all = [document.documentElement, ...document.querySelectorAll("table")];
const parts = [...document.querySelectorAll("h2, h3, p, td, th, li, pre, summary")];
const shown = parts.filter(one => one.checkVisibility());
const text = shown.map(one => one.innerText).join("\\n");
const out = document.createElement("pre");
out.id = "measured";
out.textContent = JSON.stringify({ wide: all.map(seen).filter(one => one.wide), text });
document.body.append(out);
"""


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser makes of a page.

    Attributes:
        wide: What scrolls sideways: the page, or a table, by the beginning of its text.
        text: What one sees without a click.
    """

    wide: tuple[str, ...]
    text: str


def as_html(markdown: str) -> str:
    """The page as GitHub shows it: Markdown with tables, and what HTML there is in it."""
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    return f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style><body>{body}<script>{_MEASURE}</script></body>"


def seen_in_a_browser(markdown: str, folder: Path, *, width: int = WIDTH, picture: Path | None = None) -> Page:
    """Show it, and look.

    Args:
        markdown: The page.
        folder: For the browser's files.
        width: CSS pixels.
        picture: Takes a screenshot; None takes none.
    """
    file = folder / "page.html"
    file.write_text(as_html(markdown))
    if picture:
        _browse(folder, width, f"--screenshot={picture}", file.as_uri())
    dumped = _browse(folder, width, "--dump-dom", file.as_uri())
    found = re.search(r'<pre id="measured">(.*?)</pre>', dumped, re.DOTALL)
    assert found, dumped[-2000:]
    told = json.loads(html.unescape(found[1]))
    return Page(tuple(f"{one['name']}: {one['text']}" for one in told["wide"]), told["text"])


def _browse(folder: Path, width: int, *words: str) -> str:
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")
    done = subprocess.run(
        [str(chromium()), *quiet, f"--user-data-dir={folder / 'browser'}", f"--window-size={width},2400", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout
