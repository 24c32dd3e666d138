"""How messages and pages speak: *you* and *the action*, in Azure's and Git's own words, in short sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from support.prose import LIGHTER, LIGHTER_PAGES, PAGES, STYLE, STYLES, lint, lint_texts, messages
from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs("textlint")
TRANSLATED = yaml.safe_load((STYLES / "translated.yml").read_text())


def _shown(complaints: list[tuple[Path, int, str]]) -> list[str]:
    return [f"{page.relative_to(ROOT)}:{line}: {said}" for page, line, said in complaints]


class TestPages:
    """What people read in the repository."""

    def test_plain(self) -> None:
        """Pages for those who use the action have nothing that the style complains of."""
        assert [] == _shown(lint(PAGES))

    def test_plain_enough(self) -> None:
        """Nor have the pages of the project's own people, which have fewer rules."""
        assert [] == _shown(lint(LIGHTER_PAGES, LIGHTER))


def test_messages_are_in_plain_words(tmp_path: Path) -> None:
    """What the product says, its help included, has nothing that the style complains of."""
    said = messages()

    complaints = zip(said, lint_texts([one.text for one in said], tmp_path), strict=True)
    assert [] == [(one.place, one.text, found) for one, found in complaints if found]


class TestStyle:
    """The style finds what it is for."""

    def test_translated(self, tmp_path: Path) -> None:
        """Each sentence that a newcomer stumbled over, and none of those that replaced them."""
        found = lint_texts([one["said"] for one in TRANSLATED], tmp_path)
        better = lint_texts([one["better"] for one in TRANSLATED], tmp_path)

        assert [] == [one["said"] for one, complaints in zip(TRANSLATED, found, strict=True) if not complaints]
        assert [] == [complaints for complaints in better if complaints]

    def test_long_sentences(self, tmp_path: Path) -> None:
        """A sentence that nobody reads to its end, counted over its lines and links."""
        long = "You read this " + "and this " * 25 + "at once."

        assert [["Line 1 sentence length(247) exceeds the maximum sentence length of 200."], []] == lint_texts(
            [long, "You read this. " * 20], tmp_path
        )

    def test_acronyms(self, tmp_path: Path) -> None:
        """A page writes out what its readers may not know."""
        page = tmp_path / "page.md"
        page.write_text("JSON by XMPP.\n")
        found = [said for _, _, said in lint([page])]
        page.write_text("JSON by the Extensible Messaging Presence Protocol (EMPP).\n")

        assert ['"XMPP" is unexpanded acronym. What does "XMPP" stand for?'] == found
        assert [] == lint([page])

    def test_code_is_no_prose(self, tmp_path: Path) -> None:
        """A name in a code span may have any word."""
        assert [[]] == lint_texts(["Call `mend_the_line` beside".replace("beside", "first") + "."], tmp_path)

    def test_lines_of_messages(self) -> None:
        """Texts in code are found whole, with what is filled in as a dot; what documents code is left alone."""
        texts = {one.text for one in messages()}

        assert any(re.search(r"Could not .*…", text) for text in texts)
        assert not any("Each file, line and complaint" in text for text in texts)

    def test_the_lighter_one_is_part_of_it(self) -> None:
        """It has no rule of its own."""
        whole, lighter = (
            {one["pattern"] for one in yaml.safe_load(file.read_text())["rules"]["@textlint-rule/pattern"]["patterns"]}
            for file in (STYLE, LIGHTER)
        )

        assert lighter < whole
