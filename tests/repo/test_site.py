"""The documentation site: complete, without warnings, as GitHub shows its pages, and without a link into nothing."""

from __future__ import annotations

import os
import re
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from support.browser import seen_in_a_browser
from support.documents import ROOT
from support.site import MAP, build, entries, navigation, place, repository, stage, staged
from support.site_browser import Scheme, looked_at

_COUNTED = {"h1", "h2", "h3", "h4", "li", "ol", "ul", "tr", "pre", "em", "strong", "blockquote", "img"}


@dataclass
class Seen(HTMLParser):
    """What a page holds.

    Attributes:
        within: The element whose content is counted; empty for all of it.
        parts: How many there are of each kind of element that Markdown makes.
        ids: What an anchor can name.
        links: What it links to or loads.
        loads: What a browser fetches with it.
    """

    within: str = ""
    parts: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    loads: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self._counts = not self.within

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._counts = self._counts or tag == self.within
        self.parts[tag] += self._counts and tag in _COUNTED and "md-" not in given.get("class", "")
        self.ids |= {given["id"]} if "id" in given else set()
        self.links |= {given[name] for name in ("href", "src") if name in given}
        fetched = given.get("rel", "") in {"stylesheet", "icon", "preconnect", "preload"}
        self.loads |= {given[name] for name in ("src", "srcset", *["href"] * fetched) if name in given}

    def handle_endtag(self, tag: str) -> None:
        self._counts = self._counts and tag != self.within


def seen(html: str, within: str = "") -> Seen:
    """Read a page, or one of its elements."""
    page = Seen(within)
    page.feed(html)
    return page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as it is published."""
    folder = tmp_path_factory.mktemp("site")
    stage(folder / "site-source")
    done = build(folder, navigation(entries()))
    assert (0, True) == (done.returncode, "No issues found" in done.stdout + done.stderr), done.stdout + done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Seen]:
    """What each page of the site holds, by its file."""
    return {page: seen(page.read_text(), "article") for page in site.rglob("*.html")}


def _html(site: Path, page: Path) -> Path:
    path = place(page)
    return site / (path.parent if path.stem == "README" else path.with_suffix("")) / "index.html"


@pytest.mark.needs("mermaid")
class TestSite:
    """Built once, looked at in several ways."""

    def test_pages(self, site: Path, pages: dict[Path, Seen]) -> None:
        """Each page is there as GitHub shows it: as many headings, items, rows and blocks of code."""
        github = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
        files = [MAP, *(entry.file for entry in entries())]

        expected = {place(file): +seen(github.render(file.read_text())).parts for file in files}
        assert expected == {place(file): +pages[_html(site, file)].parts for file in files}

    def test_navigation(self, site: Path) -> None:
        """The bar has the sections of the map, in its order, and a page has its neighbours of the map."""
        home = (site / "index.html").read_text()
        tabs = re.findall(r'class="md-tabs__link">\s*(.*?)\s*</a>', home, re.DOTALL)
        pages = [_html(site, page).parent for page in [MAP, *(entry.file for entry in entries())]]
        following = {
            page: re.search(r'<link rel="next" href="([^"]*)"', (page / "index.html").read_text()) for page in pages
        }

        assert ["Home", *dict.fromkeys(entry.section for entry in entries())] == tabs
        assert pages[1:] == [(page / next_[1]).resolve() for page, next_ in following.items() if next_]

    def test_links(self, site: Path, pages: dict[Path, Seen]) -> None:
        """What a page links to or loads is there, with its anchor; on GitHub, as a file of this repository."""
        broken = [
            f"{page.relative_to(site)}: {link}"
            for page, content in pages.items()
            for link in content.links
            if not _leads_somewhere(link, page, site, pages)
        ]

        assert [] == broken

    def test_nothing_comes_from_elsewhere(self, site: Path, pages: dict[Path, Seen]) -> None:
        """No page loads a script, a style, a picture or a font from another host, or asks GitHub for its stars."""
        styles = [style.read_text() for style in site.rglob("*.css")]

        assert set() == {load for page in pages.values() for load in page.loads if urllib.parse.urlsplit(load).netloc}
        assert [] == [page for page in pages if 'data-md-component="source"' in page.read_text()]
        assert [] == [style for style in styles if re.search(r"url\([\"']?(https?:)?//", style)]

    def test_a_broken_link(self, tmp_path: Path) -> None:
        """The builder refuses a site with a link to a heading that is not there."""
        source = tmp_path / "site-source"
        source.mkdir()
        (source / "README.md").write_text("# Home\n\n## Here\n\nSee [here](#here).\n")
        nav = '["README.md"]'
        good = build(tmp_path, nav).returncode
        (source / "README.md").write_text("# Home\n\n## Here\n\nSee [there](#there).\n")

        assert (0, 1) == (good, build(tmp_path, nav).returncode)


@pytest.mark.exhaustive
@pytest.mark.needs("mermaid", "chromium")
class TestInABrowser:
    """As a reader has it, on a desk and on a phone, in light and in dark."""

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_pages(self, site: Path, tmp_path: Path, scheme: Scheme) -> None:
        """No page scrolls sideways, is pale, complains in the console, or asks another host; search finds a page."""
        paths = (
            "/",
            "/tutorials/first-model/",
            "/reference/inputs/",
            "/architecture/",
            "/decisions/0081-the-site-is-the-pages/",
        )
        look = looked_at(site, tmp_path, scheme, paths=paths, widths=(1280, 390), words="plan-min-instances")
        hosts = {host.partition(":")[0] for view in look.views for host in view["hosts"]}

        assert [] == [(view["path"], view["width"]) for view in look.views if view["wide"]]
        assert [] == [(view["path"], view["width"], view["pale"]) for view in look.views if view["pale"]]
        assert {"127.0.0.1"} == hosts
        assert () == look.console
        assert {{"light": "default", "dark": "slate"}[scheme]} == {view["scheme"] for view in look.views}
        assert {"/architecture/": 2} == {view["path"]: view["diagrams"] for view in look.views if view["diagrams"]}
        assert "/reference/inputs/" in look.found

    @pytest.mark.parametrize("page", [ROOT / "README.md", MAP], ids=lambda page: str(page.relative_to(ROOT)))
    def test_on_github(self, tmp_path: Path, page: Path) -> None:
        """The first pages fit into GitHub's column, their tables too."""
        assert () == seen_in_a_browser(page.read_text(), tmp_path, width=830).wide


class TestStaged:
    """What changes on a page's way to the site."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("[a](../glossary.md#b) [c](#d)", "[a](../glossary.md#b) [c](#d)"),
            ("[a](../../README.md)", "[a](../README.md)"),
            ("[a](../../src)", f"[a]({repository()}/tree/main/src)"),
            ("[a](../../Makefile#L1)", f"[a]({repository()}/blob/main/Makefile#L1)"),
            ("[a](https://b.example)", "[a](https://b.example)"),
            ('![a](../b.png) <img src="../b.png" alt="c">', '![a](../b.png) <img src="../b.png" alt="c">'),
            ("```\n[a](../../Makefile)\n```", "```\n[a](../../Makefile)\n```"),
            ("- a\n  b\n  - c\n- d", "- a\n    b\n    - c\n- d"),
            ("- a\n\n  b\n- c", "- a\n\n    b\n\n- c"),
            ("1. a\n   ```\n   b\n   ```", "1. a\n    ```\n    b\n    ```"),
        ],
    )
    def test_staged(self, text: str, expected: str) -> None:
        """Links to pages and pictures of the site stay there, others lead to GitHub; lists have four spaces."""
        files = frozenset(ROOT / name for name in ("docs/glossary.md", "docs/b.png", "README.md"))

        assert f"{expected}\n" == staged(text, ROOT / "docs/how-to/one.md", files, repository())


class TestMap:
    """docs/README.md is the navigation."""

    def test_every_page(self) -> None:
        """Each page of docs stands in it, once."""
        listed = Counter(entry.file for entry in entries())

        assert {page: 1 for page in ROOT.glob("docs/**/*.md") if page != MAP}.items() <= listed.items()
        assert {1} == set(listed.values())

    def test_sections(self) -> None:
        """What a reader looks for by kind: learning, doing, looking up, understanding."""
        sections = dict.fromkeys(entry.section for entry in entries())

        assert ["Tutorial", "How-to guides", "Reference", "Explanation", "Decisions", "Project"] == list(sections)


def _leads_somewhere(link: str, page: Path, site: Path, pages: dict[Path, Seen]) -> bool:
    if link.startswith(f"{repository()}/"):
        return _is_in_the_repository(link.removeprefix(f"{repository()}/"))
    address = urllib.parse.urlsplit(link)
    if address.scheme:
        return address.scheme in {"https", "mailto"} and "." in (address.hostname or address.path)
    if address.path.startswith("/"):  # only the page for what is not found, which knows no relative address
        return page.name == "404.html"
    target = _target(page, address.path)
    anchors = pages[target].ids if target in pages else set()
    return target.is_relative_to(site) and target.exists() and (not address.fragment or address.fragment in anchors)


@cache
def _is_in_the_repository(path: str) -> bool:
    """Whether GitHub shows a file or folder at such an address; other pages of it are none of ours."""
    kind, _, file = path.partition("/main/")
    return kind not in {"blob", "tree"} or (ROOT / file.partition("#")[0]).exists()


@cache
def _target(page: Path, path: str) -> Path:
    target = Path(os.path.normpath(page.parent / path)) if path else page
    return target / "index.html" if target.is_dir() else target
