"""Whoever stops a run is told what is live."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.pipeline.events import (
    AppVerified,
    ImageBuilt,
    PlanApplied,
    PlanMade,
    Swapped,
    UndoBegun,
    UndoEnded,
)
from functions_model.provision import Action, Change, Observed, ResourcePlan, Written
from functions_model.provision.observed_app import ObservedApp
from functions_model.report.stopped import stopped
from functions_model.verify import Verified
from support.events import deployment
from support.wanted import spec_for, wanted

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.pipeline.events import Event

OLD = "contoso.azurecr.io/package@sha256:" + "c" * 64


def until(kind: type, folder: Path, *, existed: bool) -> list[Event]:
    """The events of a deployment up to, and without, the first of a kind."""
    app = ObservedApp("", "", "", "", "", (), f"DOCKER|{OLD}", "", {})
    events: list[Event] = []
    for event in deployment(folder):
        if isinstance(event, kind):
            break
        seen = isinstance(event, PlanMade) and existed
        events.append(PlanMade(replace(event.plan, observed=Observed(app=app))) if seen else event)
    return events


class TestStopped:
    @pytest.mark.parametrize(
        ("kind", "existed", "words"),
        [
            (PlanMade, True, "No Azure resource was touched."),
            (PlanApplied, True, f"what was done is kept. The function app `iris` ran `{OLD}` before."),
            (PlanApplied, False, "The function app `iris` did not exist before."),
            (AppVerified, True, f"which is not verified. Run again to verify it. Before this run it ran `{OLD}`."),
            (AppVerified, False, "which is not verified. Run again to verify it."),
            (type(None), True, "The function app `iris` is live with `contoso.azurecr.io/package@sha256:"),
        ],
    )
    def test_tells_what_is_live(self, tmp_path: Path, kind: type, existed: bool, words: str) -> None:
        """At each point of the story, and what ran before where something did."""
        told = str(stopped(spec_for(), until(kind, tmp_path, existed=existed)))

        assert told.startswith("Could not finish: the run was stopped. ")
        assert words in told

    def test_in_the_middle_of_an_undo(self, tmp_path: Path) -> None:
        """What was being put back is named; what was put back is told as it was."""
        events = [*until(AppVerified, tmp_path, existed=True), UndoBegun(OLD)]

        assert f"`{OLD}` was being put back" in str(stopped(spec_for(), events))
        assert "All is well." in str(stopped(spec_for(), [*events, UndoEnded("All is well.")]))

    def test_with_a_slot(self, tmp_path: Path) -> None:
        """Where the new version is, and that the app runs what it ran, until the swap."""
        built = [event for event in until(PlanMade, tmp_path, existed=True) if isinstance(event, ImageBuilt)]
        app = ObservedApp("", "", "", "", "", (), f"DOCKER|{OLD}", "", {})
        line = Change("swap", "iris/staging with iris", Action.UPDATE)
        plan = ResourcePlan((line,), wanted(slot_name="staging", swap=True), Observed(app=app))
        events = [*built, PlanMade(plan)]
        slot = AppVerified(Verified(("score",), "", "", 1, 1.0, "", ""), "staging")

        told = [
            str(stopped(spec_for(), some))
            for some in (events, [*events, slot], [*events, slot, Swapped(Written(line, 1.0))])
        ]

        assert "was on its way to the slot `staging`." in told[0]
        assert "is live in the slot `staging`." in told[1]
        assert f"The function app `iris` itself runs `{OLD}` as before, unless a swap had begun." in told[1]
        assert f"which is not verified there; `{OLD}` is in the slot `staging`." in told[2]

    def test_before_the_inputs_were_read(self) -> None:
        """Nothing was touched."""
        assert "Could not finish: the run was stopped. No Azure resource was touched." == str(stopped(None, ()))
