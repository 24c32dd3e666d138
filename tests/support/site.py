"""The documentation site, from the same pages that are read on GitHub.

`python -m support.site` (with `tests` on the path) writes build/site-source and builds build/site of it, as `make site`
does.
A page of the site is a page that docs/README.md lists; what a page links to beside those is read on GitHub.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

from support.tools import MERMAID

ROOT = Path(__file__).resolve().parents[2]
MAP = ROOT / "docs" / "README.md"
CONFIGURATION = ROOT / "zensical.toml"
DECISIONS = ROOT / "docs" / "decisions" / "README.md"
BUILD = ROOT / "build"
LINK = re.compile(r"""(\]\(|(?:href|src|srcset)=")(?!https?:|mailto:|#)([^)"\s#]+)(#[^)"\s]*)?(?=[)"])""")
"""How it begins, the path, and the heading."""
_PICTURES = {".gif", ".jpg", ".png", ".svg", ".webp"}
_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)#]+)\)")
_ROW = re.compile(r"^\| \[(\d+)\]\(([^)]+)\) \| (.*) \|$", re.MULTILINE)
_DIAGRAM = re.compile(r"^```mermaid\n.*?^```$", re.DOTALL | re.MULTILINE)
_MARKER = re.compile(r" *(?:[-*+]|\d+[.)]) +")
_FENCED = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation.

    Attributes:
        section: The heading of the map above it.
        group: The lower heading above it; empty without one.
        title: What the navigation calls it.
        file: The page.
    """

    section: str
    group: str
    title: str
    file: Path


def entries() -> tuple[Entry, ...]:
    """What docs/README.md lists, in its order, and the decisions below their list."""
    found: list[Entry] = []
    section = group = ""
    for line in MAP.read_text().splitlines():
        if line.startswith("## "):
            section, group = line[3:], ""
        elif line.startswith("### "):
            group = line[4:]
        elif section and (match := _ENTRY.match(line)):
            found.append(Entry(section, group, match[1], (MAP.parent / match[2]).resolve()))
            if found[-1].file == DECISIONS:
                found += [Entry(section, group, title, DECISIONS.parent / name) for name, title in _decisions()]
    return tuple(found)


def _decisions() -> list[tuple[str, str]]:
    rows = _ROW.findall(DECISIONS.read_text())
    return [(name, f"{number}. {title}".replace("`", "")) for number, name, title in rows]


def place(file: Path) -> Path:
    """Where a page lies on the site: without `docs/`, otherwise as in the repository."""
    path = file.relative_to(ROOT)
    return path.relative_to("docs") if path.parts[0] == "docs" else path


def pictures(pages: frozenset[Path]) -> frozenset[Path]:
    """The pictures of this repository that the pages show."""
    shown = {(page.parent / name).resolve() for page in pages for _, name, _ in LINK.findall(page.read_text())}
    return frozenset(file for file in shown if file.suffix in _PICTURES)


def staged(text: str, file: Path, files: frozenset[Path], repository: str) -> str:
    """A page as the site has it: links to what the site has lead there, all others to GitHub.

    Args:
        text: The page as it is read on GitHub.
        file: Where it stands.
        files: All pages and pictures of the site.
        repository: The address of the repository.
    """

    def moved(match: re.Match[str]) -> str:
        target = (file.parent / match[2]).resolve()
        address = f"{repository}/{'tree' if target.is_dir() else 'blob'}/main/{target.relative_to(ROOT)}"
        if target in files:
            address = os.path.relpath(place(target), place(file).parent)
        return f"{match[1]}{address}{match[3] or ''}"

    parts = _FENCED.split(_indented(text))
    text = "".join(part if part.startswith("```") else LINK.sub(moved, part) for part in parts)
    if "```mermaid" not in text:
        return text
    script = os.path.relpath(Path("assets", MERMAID.name), place(file).parent)
    framed = _DIAGRAM.sub(lambda match: f'<div class="diagram" markdown="1">\n\n{match[0]}\n\n</div>', text)
    return f'{framed}\n<script src="{script}"></script>\n'


def _indented(text: str) -> str:
    """The same with lists as Python's Markdown wants them, which takes fewer forms than GitHub.

    Each level has four spaces, and a blank line follows an item that has one inside.
    """
    lines = text.splitlines()
    within: dict[int, tuple[int, int, int]] = {}
    ends: list[int] = []
    for item in MarkdownIt("commonmark").parse(text):
        if item.type == "list_item_open" and item.map and (marker := _MARKER.match(lines[item.map[0]])):
            within |= dict.fromkeys(range(*item.map), (item.map[0], (item.level + 1) // 2, marker.end()))
            ends += [item.map[1] - 1] if "" in lines[slice(*item.map)] else []
    for number, (first, depth, width) in within.items():
        line = lines[number]
        kept = line.lstrip() if number == first else line[min(width, len(line) - len(line.lstrip())) :]
        lines[number] = f"{'    ' * (depth - (number == first))}{kept}".rstrip()
    return "\n".join(f"{line}\n" if number in ends else line for number, line in enumerate(lines)) + "\n"


def navigation(listed: tuple[Entry, ...]) -> str:
    """The value of `nav`, as TOML: sections, groups and pages in the map's order."""
    sections: dict[str, dict[str, list[str]]] = {}
    for entry in listed:
        sections.setdefault(entry.section, {}).setdefault(entry.group, []).append(_link(entry.title, entry.file))
    tabs = [_link("Home", MAP)]
    for section, groups in sections.items():
        parts = [_many(group, pages) if group else ", ".join(pages) for group, pages in groups.items()]
        tabs.append(_many(section, parts))
    return f"[{', '.join(tabs)}]"


def _link(title: str, file: Path) -> str:
    return f"{{{json.dumps(title, ensure_ascii=False)} = {json.dumps(str(place(file)))}}}"


def _many(title: str, parts: list[str]) -> str:
    return f"{{{json.dumps(title)} = [{', '.join(parts)}]}}"


@cache
def repository() -> str:
    """The address of the repository, to which links lead that leave the site."""
    return str(tomllib.loads(CONFIGURATION.read_text())["project"]["repo_url"])


def stage(source: Path) -> None:
    """Write what the builder reads into a folder, which is made anew."""
    pages = frozenset({MAP, *(entry.file for entry in entries())})
    files = pages | pictures(pages)
    shutil.rmtree(source, ignore_errors=True)
    for file in files:
        goal = source / place(file)
        goal.parent.mkdir(parents=True, exist_ok=True)
        if file in pages:
            goal.write_text(staged(file.read_text(), file, files, repository()))
        else:
            shutil.copy(file, goal)
    (source / "assets").mkdir()
    shutil.copy(MERMAID, source / "assets")


def build(folder: Path, nav: str) -> subprocess.CompletedProcess[str]:
    """Build `folder`/site of `folder`/site-source; what the builder warns of is a failure."""
    shutil.rmtree(folder / "site", ignore_errors=True)
    configuration = folder / CONFIGURATION.name
    text = CONFIGURATION.read_text().replace('"docs/', f'"{ROOT}/docs/')
    configuration.write_text(text.replace("[project]\n", f"[project]\nnav = {nav}\n", 1))
    return subprocess.run(
        [Path(sys.executable).with_name("zensical"), "build", "--strict", "--clean", "--config-file", configuration],
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    stage(BUILD / "site-source")
    done = build(BUILD, navigation(entries()))
    print(done.stdout, done.stderr, sep="", end="")
    sys.exit(done.returncode)
