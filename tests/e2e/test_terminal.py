"""What somebody sees who sits at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.console import command
from support.deployer import Deployer
from support.desk import Desk
from support.project import write_echo_project
from support.terminal import Shown, shown
from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox


IRIS = ROOT / "examples" / "iris-http"
MACHINES = ("scoring-url=", "lock=(", "digest=", "packed", "gzip")
"""What is for a job alone."""


def seen(
    desk: Desk, *words: str, columns: int = 80, answers: tuple[tuple[str, str], ...] = (), **variables: str
) -> Shown:
    """What a command shows on a terminal."""
    first, *rest = words
    typed = command(first, "--inputs-file", "where.yml", *rest)
    return shown(typed, columns=columns, cwd=desk.folder, environ={**desk.environ, **variables}, answers=answers)


def pasted(desk: Desk, text: str) -> Shown:
    """What a command shows that was copied from the screen."""
    return shown(["sh", "-c", text], columns=80, cwd=desk.folder, environ=desk.environ)


@pytest.mark.exhaustive
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


@pytest.fixture(scope="module")
def project(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A project that nobody has deployed."""
    folder = tmp_path_factory.mktemp("echo-seen")
    inputs = write_echo_project(folder)
    names = {**inputs, "app-name": "echo-seen", "resource-group": "echo-seen-group"}
    return Desk(sandbox, folder, **names)


@pytest.fixture(scope="module", params=[80, 200])
def columns(request: pytest.FixtureRequest) -> int:
    """How wide the terminal is."""
    width: int = request.param
    return width


@pytest.fixture(scope="module")
def planned(project: Desk) -> Shown:
    """Before anything is there."""
    return seen(project, "plan")


@pytest.fixture(scope="module")
def deployed(project: Desk, planned: Shown) -> Shown:
    """By the command that the plan ends with."""
    return pasted(project, planned.after("Next, deploy it:"))


@pytest.fixture(scope="module")
def failed(project: Desk, deployed: Shown) -> Shown:
    """A version whose `init()` raises."""
    script = project.folder / "src" / "score.py"
    before = script.read_text()
    script.write_text(before.replace('print("the model is loaded")', 'raise RuntimeError("torn weights")'))
    shown = seen(project, "deploy")
    script.write_text(before)
    return shown


@pytest.mark.exhaustive
class TestDeployment:
    """`functions-model plan`, the command that it ends with, the one that this ends with, and a version that fails."""

    def test_a_plan_says_how_to_go_on(self, planned: Shown) -> None:
        """Symbols in colours, nothing for machines, and no line that is broken in the middle of a word."""
        assert 0 == planned.code, planned.text
        assert [] == planned.broken_words(longest=78)
        assert {"green"} == planned.colours("+")
        assert "Plan: 8 to create." in planned.text
        assert not [word for word in MACHINES if word in planned.text]

    def test_a_deployment_shows_its_plan_before_it_creates(self, deployed: Shown) -> None:
        """At the end it says where the app is, what was done in five lines, and how to call it."""
        lines = deployed.lines

        assert 0 == deployed.code, deployed.text
        assert [] == deployed.broken_words(longest=78)
        assert deployed.text.index("Plan: 8 to create.") < deployed.text.index("Created the")
        assert not [word for word in MACHINES if word in deployed.text]
        end = next(number for number, line in enumerate(lines) if line.startswith("`echo-seen` is live: https://"))
        assert ["Image", "Python", "Resources", "Answer", "Time"] == [
            line.split()[0] for line in lines[end + 1 : end + 6]
        ]
        assert ["", "Call it:"] == lines[end + 6 : end + 8]

    def test_the_app_is_called_as_it_says(self, project: Desk, deployed: Shown) -> None:
        """The command is pasted; it finds the key itself."""
        called = pasted(project, deployed.after("Call it:"))

        assert (0, True) == (called.code, '{"model": "first", "got": {"x": 1}}' in called.text), called.text

    def test_a_failure_says_what_serves(self, failed: Shown) -> None:
        """The error in red; the last lines say that callers have the version of before."""
        assert 8 == failed.code, failed.text
        assert {"red"} == failed.colours("error:")
        assert "failed: RuntimeError: torn weights (src/score.py:9)." in " ".join(failed.text.split())
        assert "New version failed; `echo-seen` serves the previous one" in failed.lines

    def test_the_width_is_used(self, project: Desk, deployed: Shown, columns: int) -> None:
        """No row is wider than the terminal, and where there is room a long line is not folded."""
        again = seen(project, "plan", columns=columns)

        widest = max(len(line) for line in again.lines)
        assert (0, True) == (again.code, widest <= columns), again.text
        assert [] == again.broken_words(longest=columns)

    def test_without_colours_all_is_plain(self, project: Desk, deployed: Shown) -> None:
        """`NO_COLOR` leaves the layout as it is."""
        assert seen(project, "plan", NO_COLOR="1").is_plain

    def test_all_is_there_for_who_asks(self, project: Desk, deployed: Shown) -> None:
        """`--verbose`: outputs, and digests whole."""
        again = seen(project, "plan", "--verbose", columns=200)

        assert [] == [
            word for word in ("has-changes=false", "lock=(", "digest=sha256:", "== Check") if word not in again.text
        ]


@pytest.mark.exhaustive
class TestTry:
    """`functions-model demo`, from any folder."""

    def test_a_demo_ends_with_a_command(self, tmp_path: Path) -> None:
        """For one's own model, and to serve the same folder."""
        done = shown(command("demo", "--engine", "process"), columns=80, cwd=tmp_path)

        assert 0 == done.code, done.text
        assert "`iris-http-try` is live: https://" in done.text
        assert '  Answer     {"species": ["setosa", "virginica"]' in done.text
        assert f"functions_model try {IRIS}" in done.after("To serve this example").replace(" \\\n     ", "")
        assert "-m functions_model init" in done.after("Next: ")
        assert [] == [
            word
            for word in ("container", "days ago", "`python-version` says")
            if word in done.text.replace("container log: on", "")
        ]

    def test_a_try_says_how_to_call_it_and_how_to_go_on(self, tmp_path: Path) -> None:
        """What the folder says by its files' names is among the options: the command is refused for its login alone."""
        done = shown(
            command("try", str(IRIS), "--engine", "process"), columns=80, cwd=tmp_path, interrupt="Stop with Ctrl-C"
        )

        assert 130 == done.code, done.text
        assert [] == done.broken_words(longest=78)
        assert done.after("Call it:").startswith("  curl --cacert ")
        bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        planned = shown(["sh", "-c", done.after("Next,")], columns=80, cwd=tmp_path, environ=bare)
        assert (4, True) == (planned.code, "az login" in planned.text), planned.text


class TestRefused:
    """A command that was typed wrong."""

    @pytest.mark.parametrize("columns", [80, 200])
    def test_says_so_in_red_between_the_words(self, tmp_path: Path, columns: int) -> None:
        """Each problem begins a line; at 80 columns it is folded, at 200 it need not be."""
        done = shown(command("package", "--model-path", "modle"), columns=columns, cwd=tmp_path)

        errors = [line for line in done.lines if line.startswith("error: ")]
        assert (2, {"red"}) == (done.code, done.colours("error:")), done.text
        assert [] == done.broken_words(longest=columns)
        assert (columns == 200) == (len(errors) == len(done.lines)), done.text

    @pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
    def test_is_plain_where_colours_are_not_wanted(self, tmp_path: Path, variables: dict[str, str]) -> None:
        """The words are the same."""
        done = shown(command("package", "--model-path", "modle"), columns=80, cwd=tmp_path, environ=variables)

        assert (2, True, False) == (done.code, done.is_plain, "\x1b" in done.raw), done.text
