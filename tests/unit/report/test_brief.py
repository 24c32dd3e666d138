"""What somebody at a terminal reads of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.bundle.deployable import AppImage
from functions_model.core.failures import NotConfirmed, NotLive
from functions_model.core.references import ImageReference
from functions_model.core.spec import HttpTrigger, Mode
from functions_model.pipeline.events import (
    Event,
    ImageFound,
    PlanBegun,
    PlanMade,
    ResourceWritten,
    RunStopped,
    UndoBegun,
    UndoEnded,
)
from functions_model.provision import Action, Change, Written
from functions_model.report.brief import brief_lines
from functions_model.report.narration import lines_of
from functions_model.report.outcome import done_lines, headline
from support.events import GREEN, changes, deployment
from support.fake_arm import FakeArm
from support.provisioning import live, planned
from support.removal import removal
from support.wanted import spec_for

if TYPE_CHECKING:
    from pathlib import Path

FAILURE = NotLive("verify the app", "it does not answer", "Read its log.")
WRITTEN = ResourceWritten(Written(Change("function app", "iris", Action.UPDATE), 1.0))


class TestHeadline:
    """`headline`."""

    @pytest.mark.parametrize(
        ("events", "said"),
        [
            ([], "`iris` failed"),
            ([PlanBegun(planned(live())), WRITTEN], "`iris` failed"),
            ([PlanBegun(planned(live()))], "New version failed; `iris` was not touched"),
            ([PlanBegun(planned(FakeArm()))], "`iris` failed"),
            (
                [PlanBegun(planned(live())), WRITTEN, UndoBegun("i"), UndoEnded("It is back.", serves=True)],
                "New version failed; `iris` serves the previous one",
            ),
            ([PlanBegun(planned(live())), WRITTEN, UndoBegun("i"), UndoEnded("It is dead.")], "`iris` failed"),
            ([PlanBegun(planned(live())), RunStopped()], "`iris` was stopped"),
        ],
    )
    def test_of_a_failure_says_whether_the_app_still_serves(self, events: list[Event], said: str) -> None:
        """Callers of an app want to know that first."""
        assert said == headline(spec_for(), events, FAILURE)

    def test_of_a_removal_that_nobody_wanted(self) -> None:
        """It did not fail."""
        assert "`iris` stays as it is" == headline(removal(), [], NotConfirmed("remove it", "no", "Nothing was."))


class TestLines:
    """`brief_lines`."""

    def test_leave_out_what_a_machine_needs(self, tmp_path: Path) -> None:
        """No layer, no digest of one, no address: the end tells what became of them."""
        told = [brief_lines(event, lines_of, colours=False) for event in deployment(tmp_path)]
        text = "\n".join(line for line in told if line)

        assert text.startswith("Python 3.12 (the environment file asks for it), 1 package\nNote: The channel `x`")
        assert "  ~ plan iris-plan\n" in text
        assert not {word for word in ("sha256", "gzip", "Pushed", "Live after", "requests") if word in text}

    def test_colour_the_symbols_of_a_plan_alone(self) -> None:
        """What follows a symbol stays readable on any background."""
        plan = changes(Action.UPDATE, Action.CREATE, Action.DELETE)

        lines = brief_lines(PlanMade(plan), lines_of, colours=True).splitlines()

        assert "  \x1b[33m~\x1b[0m plan iris-plan" == lines[0]
        assert "  \x1b[32m+\x1b[0m storage account iris0001" == lines[2]
        assert "  \x1b[31m-\x1b[0m function app iris  (it is used as it is)" == lines[4]

    def test_tell_a_plan_again_where_the_image_changes_it(self) -> None:
        """Until its digest is known, any image counts as a new one."""
        shown, same = changes(Action.UPDATE, Action.KEEP, Action.KEEP), changes(Action.KEEP, Action.KEEP, Action.KEEP)

        assert "" == brief_lines(PlanMade(shown, shown), lines_of, colours=False)
        assert brief_lines(PlanMade(same, shown), lines_of, colours=False).startswith("No changes")


class TestDone:
    """`done_lines`."""

    def test_says_it_in_five_lines(self, tmp_path: Path) -> None:
        """The image, its Python, the resources, the answer, the time."""
        lines = done_lines(spec_for(), deployment(tmp_path), 230.0)

        assert [
            "  Image      contoso.azurecr.io/package:1.0 (4.2 kB sent)",
            "  Python     3.12, with 1 package",
            "  Resources  1 created, 1 updated, 1 left alone.",
            '  Answer     {"class": "setosa"}',
            "  Time       3 min 50 s (Verify 3 min 5 s, Build the image 12.5 s)",
        ] == lines

    @pytest.mark.parametrize(
        ("source", "written", "how"),
        [("", False, "there already"), ("x.azurecr.io/y", False, "not imported"), ("x.azurecr.io/y", True, "imported")],
    )
    def test_name_an_image_that_was_not_built(self, source: str, written: bool, how: str) -> None:
        """And whether the registry had to take it from another one."""
        reference = ImageReference("contoso.azurecr.io", "package", digest=GREEN)
        found = ImageFound(AppImage(reference, "0" * 32, ("score",), HttpTrigger()), spec_for(), source)
        done = ResourceWritten(Written(Change("image import", reference.pinned, Action.CREATE), 1.0))

        lines = done_lines(spec_for(), [found, *([done] if written else [])], 2.0)

        assert f"  Image      {reference.pinned} ({how})" == lines[0]

    def test_of_a_plan_says_what_would_be(self) -> None:
        """Nothing is told as done."""
        plan = PlanMade(changes(Action.UPDATE, Action.CREATE, Action.KEEP))

        lines = done_lines(replace(spec_for(), mode=Mode.PLAN), [plan], 2.0)

        assert ["  Resources  Plan: 1 to create, 1 to update, 1 to keep.", "  Time       2.0 s"] == lines
