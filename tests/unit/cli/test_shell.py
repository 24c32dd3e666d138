"""Commands that are there to be pasted."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from functions_model.cli import shell
from functions_model.inputs.command_line import options_of
from functions_model.inputs.own_options import ASKING
from functions_model.report.pasting import pasted, quoted

WORDS = ("--app-name", "contoso-iris", "--resource-group", "iris", "--sample-request", "my sample.json")


class TestLines:
    """`pasted`."""

    def test_that_fit_are_one(self) -> None:
        """Also where nobody knows how wide a line may be."""
        assert ["  curl --x 'a b'"] == pasted(["curl", *quoted(["--x", "a b"])], 80, "  ")
        assert 1 == len(pasted(["curl", *quoted(WORDS)], None))

    @pytest.mark.parametrize("columns", [40, 60, 80])
    def test_say_the_same_when_they_are_many(self, columns: int) -> None:
        """A shell joins them again; an option stays with its value."""
        lines = pasted(["printf '%s\\n'", *quoted(WORDS)], columns)
        done = subprocess.run(["sh", "-c", "\n".join(lines)], capture_output=True, text=True, check=True)

        assert all(len(line) <= columns for line in lines)
        assert [*WORDS] == done.stdout.splitlines()


class TestProgram:
    """`program`: what the shell finds it by."""

    @pytest.mark.parametrize(
        ("called", "on_path", "said"),
        [
            ("{}/bin/functions-model", True, "functions-model"),
            ("{}/bin/functions-model", False, "{}/bin/functions-model"),
            ("{}/functions_model/__main__.py", False, " -m functions_model"),
        ],
    )
    def test_is_what_was_called(self, tmp_path: Path, called: str, on_path: bool, said: str) -> None:
        """Its name, if the shell finds that one by it; else its path, or its interpreter."""
        place = Path(called.format(tmp_path))
        place.parent.mkdir()
        place.write_text("")
        place.chmod(0o755)
        path = str(place.parent) if on_path else "/nowhere"

        assert shell.program(str(place), path).endswith(said.format(tmp_path))

    def test_is_found_from_another_folder(self) -> None:
        """A path that is relative to this one would lead nowhere there."""
        assert [".venv/bin/functions-model", f"{Path.cwd()}/.venv/bin/functions-model"] == [
            shell.program(".venv/bin/functions-model", "/nowhere", anywhere=anywhere) for anywhere in (False, True)
        ]

    def test_runs_where_it_is_told_to(self, tmp_path: Path) -> None:
        """With `cd` before it, unless the shell is there."""
        there, here = (shell.command("plan", folder=folder) for folder in (tmp_path, Path.cwd()))

        assert f"  cd {tmp_path} && \\" == there[0]
        assert 1 == len(here)


class TestOptions:
    """`options_of`."""

    def test_of_another_command_are_those_that_it_reads(self) -> None:
        """In whatever form they were typed; what only the first command has is left out."""
        typed = ["--app-name=iris", "--model-path", "model", "--verbose", "--sample-request", "s.json"]

        assert ["--app-name", "iris", "--sample-request", "s.json"] == sorted_pairs(options_of(typed, ASKING["call"]))


def sorted_pairs(words: list[str]) -> list[str]:
    """Options with their values, by name: their order means nothing."""
    pairs = sorted(zip(words[::2], words[1::2], strict=True))
    return [word for pair in pairs for word in pair]
