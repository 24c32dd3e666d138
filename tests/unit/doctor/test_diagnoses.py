"""What a diagnosis looks like, and looking at several things at the same time."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from functions_model.cli.doctor import Paper, counted, lines_of, said_of
from functions_model.core.failures import Location, LoginFailed, PlanRefused, Problem
from functions_model.doctor.diagnosis import Diagnosis, State, beside, failure, fine, problem, unasked
from support.ci import RecordingCi

GRANT = 'az role assignment create --assignee-object-id 1 --role "A B" --scope /x'
REGISTER = "az provider register --namespace Microsoft.Web --wait"


class TestLines:
    def test_of_what_is_well(self) -> None:
        """State, topic, words."""
        assert ["  ok         registry: it is there"] == list(lines_of(fine("registry", "it is there")))

    def test_of_what_is_not(self) -> None:
        """Each command stands by itself, whole, and can be pasted."""
        found = Diagnosis("rights", State.PROBLEM, "some lack", f"Ask an owner to run `{GRANT}`, then `{REGISTER}`.", 6)

        assert [
            "  problem    rights: some lack",
            "             Ask an owner to run these 2 commands.",
            f"    {GRANT}",
            f"    {REGISTER}",
        ] == list(lines_of(found))

    def test_of_a_narrow_terminal(self) -> None:
        """A long command takes several lines, as a shell reads them."""
        lines = list(lines_of(Diagnosis("x", State.PROBLEM, "y", f"Run `{GRANT}`."), columns=60))

        assert all(line.endswith(" \\") for line in lines[2:-1])
        assert GRANT == " ".join(line.removesuffix(" \\").strip() for line in lines[2:])

    @pytest.mark.parametrize(
        ("remedy", "said"),
        [
            (f"Ask for it. `{REGISTER}` does it.", "Ask for it. This command does it."),
            ("Check `location`; `az acr list` shows those that you see.",) * 2,
            (f"To know it now: `{REGISTER}`.", "To know it now: this command."),
            ("Set `tags`.",) * 2,
        ],
    )
    def test_call_commands_by_their_number(self, remedy: str, said: str) -> None:
        """What only names a command stays in its sentence."""
        assert said == said_of(remedy)


class TestCount:
    @pytest.mark.parametrize(
        ("counts", "said"),
        [
            ({}, "Nothing is missing."),
            ({State.OK: 3, State.PROBLEM: 1}, "1 problem."),
            ({State.PROBLEM: 2, State.WARNING: 1, State.NOT_ASKED: 4}, "2 problems, 1 warning, 4 not asked."),
        ],
    )
    def test_is_a_sentence(self, counts: dict[State, int], said: str) -> None:
        """What is well is not counted."""
        assert said == counted(dict.fromkeys(State, 0) | counts)


class TestPaper:
    ID = "0A1b2c3d-0000-4000-8000-123456789abc"

    def test_has_short_ids_for_who_asks(self) -> None:
        """Everywhere, in commands too."""
        ci = RecordingCi()
        paper = Paper(ci, short=True)
        paper.section("Azure", [Diagnosis("a", State.PROBLEM, f"`{self.ID}`", f"Run `az x --ids {self.ID}`.", 6)])

        assert self.ID not in ci.lines[0]
        assert 2 == ci.lines[0].count("0A1b2c3d-...")

    def test_has_no_home(self) -> None:
        """Nor the name of whoever lives there."""
        ci = RecordingCi()
        Paper(ci, short=False).section("Here", [fine("git", f"{Path.home()}/bin/git")])

        assert "~/bin/git" in ci.lines[0]

    def test_ends_with_the_code_of_what_a_deployment_meets_first(self) -> None:
        """Codes are in the order of its steps."""
        paper = Paper(RecordingCi(), short=False)
        for codes, expected in (([], 0), ([7, 4, 6], 4)):
            paper.section("x", [Diagnosis("a", State.PROBLEM, "b", code=code) for code in codes])
            assert expected == paper.end()


class TestFailures:
    def test_are_told_problem_by_problem(self) -> None:
        """Each with its input and its place."""
        refused = PlanRefused(
            "plan", [Problem("it is taken", "Set another.", "app-name", Location(Path("inputs.yml"), 3))]
        )

        assert [Diagnosis("x", State.PROBLEM, "app-name: it is taken (inputs.yml:3)", "Set another.", 6)] == failure(
            "x", refused
        )

    def test_of_one_reason_keep_their_way_out(self) -> None:
        """Without the sentence around it."""
        error = LoginFailed("log in to Azure", "there is none", "Run `az login`.")

        assert [Diagnosis("login", State.PROBLEM, "there is none", "Run `az login`.", 4)] == failure("login", error)

    def test_are_problems_alone(self) -> None:
        """What is not known has no code."""
        assert (0, 6) == (unasked("a", "b").code, problem("a", Problem("b", ""), 6).code)


class TestBeside:
    def test_takes_no_longer_than_it_may(self) -> None:
        """What is late is told as that, in its place."""
        stop = threading.Event()

        def late() -> list[Diagnosis]:
            stop.wait(20)
            return []

        started = time.monotonic()
        found = list(beside([("late", late), ("quick", lambda: [fine("quick", "yes")])], seconds=0.2))
        stop.set()

        assert [("late", State.NOT_ASKED), ("quick", State.OK)] == [(one.topic, one.state) for one in found]
        assert time.monotonic() - started < 10

    def test_hides_no_bug(self) -> None:
        """It is raised where it is asked for."""

        def broken() -> list[Diagnosis]:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            list(beside([("broken", broken)]))
