"""The first words of a command line."""

from __future__ import annotations

import pytest

from functions_model.cli import USAGE, main


@pytest.fixture(autouse=True)
def _no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "TF_BUILD", "CI"):
        monkeypatch.delenv(name, raising=False)


class TestHelp:
    """What there is, and how to ask."""

    @pytest.mark.parametrize("argv", [[], ["--help"], ["-h"], ["help"]])
    def test_shows_the_commands(self, argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        """Without a command, too; it fits a terminal."""
        assert (0, USAGE) == (main(argv), capsys.readouterr().out)
        assert [] == [line for line in USAGE.splitlines() if len(line) > 110]

    @pytest.mark.parametrize("argv", [["plan", "--help"], ["plan", "help"], ["help", "plan"], ["plan", "-h"]])
    def test_of_a_command(self, argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        """Whichever way it is asked for."""
        with pytest.raises(SystemExit) as ended:
            main(argv)

        assert (0, "usage: functions-model plan [options]") == (
            ended.value.code,
            capsys.readouterr().out.splitlines()[0],
        )


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["depoly"], "there is no command `depoly`. Did you mean `deploy`?"),
        (["remove"], "there is no command `remove`."),
        (["--app-name", "x", "plan"], "Write the command first: `functions-model plan --app-name ...`."),
        (["--app-name=x"], "`--app-name` stands before the command."),
    ],
)
def test_what_was_meant_is_said(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped command, and options before it."""
    assert 2 == main(argv)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["--client-secret", "hunter2"], ["--client-secret=hunter2"], ["-xhunter2", "plan"]])
def test_no_value_is_repeated(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It may be a secret."""
    main(argv)

    assert "hunter2" not in capsys.readouterr().err
