"""Lines as a terminal shows them."""

from __future__ import annotations

import io

import pytest

from functions_model.ci import detect
from functions_model.ci.host import Level
from functions_model.ci.plain import PlainHost
from functions_model.ci.terminal import Colour, brief_digests, folded, inert, painted
from support.screen import Screen

DIGEST = f"sha256:{'a1' * 32}"
TERMINAL = {"TERM": "xterm-256color"}


class TestFolded:
    """`folded`."""

    @pytest.mark.parametrize(
        ("line", "rows"),
        [
            ("short", ["short"]),
            ("", [""]),
            ("  + resource group contoso", ["  + resource group", "    contoso"]),
            ("  Image      one two three", ["  Image      one two", "    three"]),
            ("  A  one two three four", ["  A  one two three", "     four"]),
            (f"see {'x' * 30} there", ["see", f"  {'x' * 30}", "  there"]),
            ("模型模型模型 模型模型模型", ["模型模型模型", "  模型模型模型"]),
            (f"{painted('+', Colour.GOOD)} a word and more", [f"{painted('+', Colour.GOOD)} a word and more"]),
        ],
    )
    def test_breaks_between_words(self, line: str, rows: list[str]) -> None:
        """Below what stands behind a label, or a little deeper; what is longer than a line stays whole."""
        assert rows == folded(line, 20).split("\n")

    def test_leaves_what_is_pasted_alone(self) -> None:
        """A line of a shell that goes on, and the last one of it."""
        command = "  functions-model call \\\n      --sample-request 'a file with a long name.json'"

        assert command == folded(command, 20)


class TestDigests:
    """`brief_digests`."""

    @pytest.mark.parametrize(
        ("text", "brief"),
        [
            (f"image: r/p@{DIGEST}", "image: r/p@sha256:a1a1a1a1a1a1"),
            (f"It runs `r/p@{DIGEST}`.", "It runs `r/p@sha256:a1a1a1a1a1a1`."),
            (f"To go back, `az x --image r/p@{DIGEST}`.", f"To go back, `az x --image r/p@{DIGEST}`."),
            ("no digest", "no digest"),
            (
                f"It runs r/p@{DIGEST}\n  functions-model deploy \\\n      --image r/p@{DIGEST}",
                f"It runs r/p@sha256:a1a1a1a1a1a1\n  functions-model deploy \\\n      --image r/p@{DIGEST}",
            ),
            (f"  functions-model destroy --image=r/p@{DIGEST}", f"  functions-model destroy --image=r/p@{DIGEST}"),
        ],
    )
    def test_are_cut_except_in_commands(self, text: str, brief: str) -> None:
        """Half a digest in a command would be a command that fails."""
        assert brief == brief_digests(text)


class TestTerminal:
    """A plain console that is a terminal."""

    def test_shows_a_heading_above_the_first_line_alone(self) -> None:
        """A part of the story without a line needs no heading, and no duration."""
        screen = Screen()
        host = PlainHost(screen, detect({**TERMINAL, "NO_COLOR": "1"}, screen).facts)

        with host.group("Check"):
            pass
        with host.group("Plan"):
            host.info("one")
            host.info("two")

        assert ["", "Plan", "one", "two"] == screen.seen

    @pytest.mark.parametrize(
        ("environ", "coloured"),
        [
            (TERMINAL, True),
            ({**TERMINAL, "NO_COLOR": "1"}, False),
            ({**TERMINAL, "NO_COLOR": ""}, True),
            ({"TERM": "dumb"}, False),
            ({**TERMINAL, "CI": "true"}, False),
        ],
    )
    def test_has_colours_where_they_are_wanted(self, environ: dict[str, str], coloured: bool) -> None:
        """https://no-color.org: any text that is not empty says no."""
        stream = _Terminal()

        detect(environ, stream).annotate(Level.ERROR, "it broke")

        assert coloured == ("\x1b[" in stream.getvalue())
        assert "error: it broke\n" == inert(stream.getvalue())

    def test_is_brief_unless_all_is_asked_for(self) -> None:
        """Whoever reads a pipe or a file gets all of it."""
        brief = [
            detect(TERMINAL, _Terminal()).facts.is_brief,
            detect(TERMINAL, _Terminal(), verbose=True).facts.is_brief,
            detect(TERMINAL, io.StringIO()).facts.is_brief,
        ]

        assert [True, False, False] == brief


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
