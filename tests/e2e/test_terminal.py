"""What somebody sees who sits at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.console import command
from support.deployer import Deployer
from support.desk import Desk
from support.terminal import Shown, shown

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive


def seen(desk: Desk, *words: str, columns: int = 80, answers: tuple[tuple[str, str], ...] = ()) -> Shown:
    """What a command shows on a terminal."""
    first, *rest = words
    typed = command(first, "--inputs-file", "where.yml", *rest)
    return shown(typed, columns=columns, cwd=desk.folder, environ=desk.environ, answers=answers)


class TestDestroy:
    """`functions-model destroy`, after its plan was shown."""

    @pytest.fixture
    def desk(self, sandbox: Sandbox, tmp_path: Path) -> Desk:
        """With an app that is there."""
        deployer = Deployer(sandbox, tmp_path, "echo-goes")
        assert deployer.run().code == 0
        return Desk(sandbox, tmp_path, app_name=deployer.app, resource_group=deployer.group)

    def test_asks_and_removes_nothing_without_a_yes(self, desk: Desk, sandbox: Sandbox) -> None:
        """Whoever answers anything else keeps all of it; `yes` removes it, and `--yes` is not asked."""
        sandbox.journal.clear()
        kept = seen(desk, "destroy", answers=(("[y/N]", ""),))

        assert 1 == kept.code, kept.text
        asked = kept.lines.index("[y/N]")
        assert "of `echo-goes` in the resource group `echo-goes-group`?" in "".join(kept.lines[asked - 2 : asked])
        assert "`echo-goes` stays as it is" in kept.lines
        assert kept.text.index("- function app echo-goes") < kept.text.index("[y/N]")
        assert "Nothing was removed." in kept.text
        assert [] == list(sandbox.journal.writes())

        gone = seen(desk, "destroy", answers=(("[y/N]", "yes"),))

        assert (0, True) == (gone.code, "Removed the function app `echo-goes`" in gone.text), gone.text

        again = seen(desk, "destroy", "--yes")

        assert (0, False) == (again.code, "[y/N]" in again.text), again.text

    def test_without_a_terminal_nobody_is_asked(self, desk: Desk) -> None:
        """A job, or a script, removes as it did."""
        done = desk.type("destroy")

        assert (0, False) == (done.returncode, "[y/N]" in done.stdout), done.stdout
