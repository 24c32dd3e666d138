"""Log text that others wrote, and many threads at once: what the runner makes of it."""

from __future__ import annotations

import io
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from functions_model.ci.github import GitHubHost, defused
from functions_model.ci.host import Level
from functions_model.ci.plain import PlainHost
from functions_model.ci.scrub import is_terminal

if TYPE_CHECKING:
    from pathlib import Path

# As the runner reads them (actions/runner, ActionCommand.cs): white space is dropped before the first form, and the
# second is found anywhere.
_COMMAND = re.compile(r"^\s*::(?P<name>[^ :]+)[^:]*(?:::)(?P<data>.*)$")
_OLD_COMMAND = re.compile(r"##\[(?P<name>[^\] ]+)[^\]]*\](?P<data>.*)$")
_LINE_END = re.compile(r"\r\n|\r|\n")


def commands(log: str) -> list[tuple[str, str]]:
    """Name and text of each workflow command that the runner would see."""
    found = [_COMMAND.search(line) or _OLD_COMMAND.search(line) for line in _LINE_END.split(log)]
    return [(match["name"], match["data"]) for match in found if match]


def github(tmp_path: Path) -> tuple[GitHubHost, io.StringIO]:
    stream = io.StringIO()
    return GitHubHost({"GITHUB_WORKSPACE": str(tmp_path)}, stream), stream


class TestUntrustedLines:
    """`defused`, as `GitHubHost.info` uses it."""

    @pytest.mark.parametrize(
        ("line", "shown"),
        [
            ("::set-output name=image::evil", ": :set-output name=image::evil"),
            (" \t::add-mask::e", " \t: :add-mask::e"),
            ("\u3000::stop-commands::x", "\u3000: :stop-commands::x"),
            ("#12 0.4 ##[add-mask]e", "#12 0.4 # #[add-mask]e"),
            ("###[set-env name=A]b", "## #[set-env name=A]b"),
            ("fe80::1 is up", "fe80::1 is up"),
            ("#12 [stage 1/2] RUN a::b", "#12 [stage 1/2] RUN a::b"),
        ],
    )
    def test_no_line_is_a_command_and_others_stay(self, line: str, shown: str) -> None:
        """White space before a command does not protect; two colons inside a line are harmless."""
        assert defused(line) == shown
        assert commands(shown) == []

    @pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x85", "\u2028"])
    def test_a_command_behind_any_end_of_line_is_none(self, tmp_path: Path, end: str) -> None:
        """A progress bar in a build's output ends its lines with a carriage return alone."""
        host, stream = github(tmp_path)

        host.info(f"50 %{end}::add-mask::e{end} ##[add-mask]e")

        assert commands(stream.getvalue()) == []
        assert "50 %" in stream.getvalue()

    def test_an_annotation_with_a_command_in_it_stays_one_annotation(self, tmp_path: Path) -> None:
        """What a resolver said may stand in a failure."""
        host, stream = github(tmp_path)

        host.annotate(Level.ERROR, "uv said:\n::add-mask::e\r##[add-mask]e")
        host.tell_annotations()

        assert [name for name, _ in commands(stream.getvalue())] == ["error"]

    def test_a_stream_that_lacks_a_character_gets_its_number(self, tmp_path: Path) -> None:
        """A runner without a locale must not end a deployment."""
        raw = io.BytesIO()
        host = GitHubHost({}, io.TextIOWrapper(raw, "ascii"))

        host.info("café ✓ \udcff")

        assert raw.getvalue() == b"caf\\xe9 \\u2713 \\udcff\n"


class TestManyThreads:
    """One host, told by many."""

    def test_no_line_tears_another(self, tmp_path: Path) -> None:
        """Masks above all: half a mask command is a secret in the log."""
        host, stream = github(tmp_path)

        def talk(number: int) -> None:
            for turn in range(50):
                host.mask(f"secret-{number}-{turn}!")
                host.info(f"first {number}\nsecond {number} secret-{number}-{turn}!")
                host.annotate(Level.NOTICE, f"a\nb {number}")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(talk, range(8)))
        host.tell_annotations()
        lines = stream.getvalue().splitlines()

        assert len(lines) == 8 * 50 * 3 + 10
        masks = {data for name, data in commands(stream.getvalue()) if name == "add-mask"}
        assert masks == {f"secret-{number}-{turn}!" for number in range(8) for turn in range(50)}
        second = [lines[at + 1] for at, line in enumerate(lines) if line.startswith("first ")]
        assert {f"second {number} ***" for number in range(8)} == set(second)

    def test_a_group_beside_another_does_not_close_it(self, tmp_path: Path) -> None:
        """The runner knows one fold at a time."""
        host, stream = github(tmp_path)
        inside, done = threading.Event(), threading.Event()

        def beside() -> None:
            with host.group("Beside"):
                inside.set()
                done.wait(10)

        with host.group("Outer"):
            thread = threading.Thread(target=beside)
            thread.start()
            inside.wait(10)
            done.set()
            thread.join()
            host.info("still folded")
        with host.group("Next"):
            pass

        names = [name for name, _ in commands(stream.getvalue().replace("::endgroup::", "::endgroup::-"))]
        assert names == ["group", "endgroup", "group", "endgroup"]
        assert stream.getvalue().index("still folded") < stream.getvalue().index("::endgroup::")
        assert "Beside\n" in stream.getvalue()


class TestTerminal:
    """`is_terminal`."""

    @pytest.mark.parametrize(
        ("terminal", "environ", "expected"),
        [
            (True, {"TERM": "xterm"}, True),
            (True, {"TERM": "xterm", "CI": "false"}, True),
            (True, {"TERM": "xterm", "CI": "true"}, False),
            (True, {"TERM": "dumb"}, False),
            (False, {"TERM": "xterm"}, False),
        ],
    )
    def test_only_before_a_person_and_where_lines_can_be_redrawn(
        self, *, terminal: bool, environ: dict[str, str], expected: bool
    ) -> None:
        """Some CI hosts give a terminal to their jobs; nobody sits before it."""

        class Stream(io.StringIO):
            def isatty(self) -> bool:
                return terminal

        assert is_terminal(Stream(), environ) is expected

    def test_a_plain_console_counts_the_lines_of_a_long_output(self) -> None:
        """A lock of a thousand lines is no log line."""
        stream = io.StringIO()

        PlainHost(stream).output("lock", "six==1.17.0\n  --hash=a\n  --hash=b\n")

        assert stream.getvalue() == "lock=(3 lines)\n"
