"""The pictures of README.md: they are there, they say what stands beside them, and that is what the product says."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from support.pictures import PAGES, PICTURES, SCHEMES, TYPED, WORDS, digest_of, masked
from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

README = (ROOT / "README.md").read_text()
_SVG = "{http://www.w3.org/2000/svg}"
_LARGEST, _LARGEST_OF_ALL = 200_000, 1_000_000
"""Bytes: of one picture, and of all."""
MOVING = [PICTURES / f"demo-{scheme}.svg" for scheme in SCHEMES]
STILL = [PICTURES / f"{name}-{scheme}.png" for name in PAGES for scheme in SCHEMES]


class TestReadme:
    """Where they are shown."""

    def test_each_is_shown_in_light_and_dark(self) -> None:
        """With words for who does not see it; a source that lacks its file would be a hole in the page."""
        dark = re.findall(r'<source media="\(prefers-color-scheme: dark\)" srcset="(.+?)">', README)
        light = re.findall(r'<img src="(.+?)" width="\S+" alt="([^"]{80,})">', README)

        assert sorted(str(one.relative_to(ROOT)) for one in [*MOVING, *STILL]) == sorted(
            [*dark, *(source for source, _ in light)]
        )
        assert all((ROOT / one).is_file() for one in [*dark, *(source for source, _ in light)])
        assert [one.replace("dark", "light") for one in dark] == [source for source, _ in light]

    def test_they_are_small(self) -> None:
        """A clone has them all."""
        sizes = {one.name: one.stat().st_size for one in PICTURES.iterdir()}

        assert {} == {name: size for name, size in sizes.items() if size > _LARGEST}
        assert sum(sizes.values()) < _LARGEST_OF_ALL


class TestWords:
    """The texts beside them."""

    @pytest.mark.parametrize("picture", MOVING, ids=lambda path: path.name)
    def test_a_recording_ends_as_its_words_do(self, picture: Path) -> None:
        """Its last frame is the end of the text, and it begins with the command; no frame is empty."""
        frames, rows = _frames(picture)
        told = (PICTURES / "demo.txt").read_text()
        last = "\n".join(rows[name] for name in frames[-1])
        said = [" ".join(line.split()) for line in last.splitlines() if line.strip()]

        assert told.startswith(f"$ {TYPED}\n")
        assert len(said) > 10
        assert [" ".join(line.split()) for line in told.splitlines() if line.strip()][-len(said) :] == said
        assert all(frames)

    @pytest.mark.parametrize("picture", STILL, ids=lambda path: path.name)
    def test_a_page_names_its_words(self, picture: Path) -> None:
        """By their digest, which was written into the picture when it was made."""
        words = (PICTURES / f"{picture.stem.rpartition('-')[0]}.txt").read_text()

        assert digest_of(words) == _told(picture.read_bytes())

    @pytest.mark.exhaustive
    @pytest.mark.needs("chromium")
    @pytest.mark.timeout(600)
    def test_they_are_what_the_product_says_today(self, tmp_path: Path) -> None:
        """Where this fails, `make pictures` makes new ones: look at them before you commit."""
        from support.driving import browser
        from support.pictures import displayed, run

        runs = run(tmp_path)
        with browser() as opened:
            today = {name: displayed(opened, page, "light")[1] for name, page in runs.pages.items()}
        today["demo"] = f"$ {TYPED}\n{runs.demo.text}\n"

        assert {name: masked((PICTURES / f"{name}.txt").read_text()) for name in today} == {
            name: masked(text) for name, text in today.items()
        }


def _frames(picture: Path) -> tuple[list[list[str]], dict[str, str]]:
    """The frames, as lists of names of rows, and each row's words, spaced as in a terminal."""
    root = ET.fromstring(picture.read_text())  # noqa: S314 - our own
    rows = {
        one.attrib["id"]: " ".join(text.text or "" for text in one.iter(f"{_SVG}text"))
        for one in root.iter(f"{_SVG}g")
        if one.attrib.get("id", "").startswith("r")
    }
    [moved] = [one for one in root.iter(f"{_SVG}g") if one.attrib.get("id") == "f"]
    return [[use.attrib["href"][1:] for use in frame.iter(f"{_SVG}use")] for frame in moved], rows


def _told(png: bytes) -> str:
    """The digest in a PNG's text."""
    at = 8
    while at < len(png):
        [length] = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if kind == b"tEXt" and body.startswith(f"{WORDS}\0".encode()):
            return body.partition(b"\0")[2].decode()
        at += 12 + length
    return ""
