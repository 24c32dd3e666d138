"""Whoever stops a run is told what was made, what may be, what runs, and the commands that go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.bundle.deployable import AppImage
from functions_model.core.promotion import PromotionSpec
from functions_model.core.references import ImageReference, digest_of
from functions_model.core.secrets import Login
from functions_model.core.spec import HttpTrigger, ImageTarget, Mode
from functions_model.hosting.app_service.nouns import ObservedApp
from functions_model.pipeline.events import (
    AppVerified,
    ImageBuilt,
    ImageFound,
    ImagePushed,
    Moved,
    PlanBegun,
    PlanMade,
    RemovalPlanned,
    ResourceWritten,
    RunStopped,
    UndoBegun,
    UndoEnded,
)
from functions_model.provision import Action, Change, Observed, ResourcePlan, Written
from functions_model.report.stopped import stopped
from functions_model.verify import Verified
from support.events import deployment
from support.removal import removal
from support.wanted import spec_for, wanted

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.pipeline.events import Event


OLD = "contoso.azurecr.io/package@sha256:" + "c" * 64
NEW = "contoso.azurecr.io/package@sha256:"
IMAGE = ImageReference("contoso.azurecr.io", "package", digest=digest_of(b""))
LOGIN = Login("", "", None, "", "AzureCloud")
PLAN = Change("plan", "iris-plan", Action.CREATE)
APP = Change("function app", "iris", Action.UPDATE)
MOVE = Change("swap", "iris/staging with iris", Action.UPDATE)
MADE, LIVE = ResourceWritten(Written(PLAN, 1.0)), ResourceWritten(Written(APP, 1.0))
VERIFIED = AppVerified(Verified(("score",), "", "", 1, 1.0, "", ""))
REMOVE = (
    "To remove what was created, run this step with `mode: destroy`, or `functions-model destroy --subscription-id "
)
BACK = f"`az functionapp config set --resource-group iris-rg --name iris --linux-fx-version 'DOCKER|{OLD}'`"


def plan_of(*changes: Change, existed: bool, **names: Any) -> ResourcePlan:
    """A plan for an app that was there with the old image, or was not."""
    nothing: dict[str, Any] = dict.fromkeys(("id", "kind", "plan_id", "host_name", "identity_type"), "")
    app = ObservedApp(**nothing, identity_ids=(), runs=f"DOCKER|{OLD}", settings={}) if existed else None
    return ResourcePlan(changes, wanted(**names), Observed().having(app))


def image_events(folder: Path) -> list[Event]:
    """The image is built and pushed."""
    return [event for event in deployment(folder) if isinstance(event, ImageBuilt | ImagePushed)]


def told(folder: Path, *events: Event, existed: bool, begun: tuple[str, ...] = ()) -> str:
    """The last words of a deployment that was stopped after some events."""
    planned = PlanMade(plan_of(PLAN, APP, existed=existed))
    return str(stopped(spec_for(), [*image_events(folder), planned, *events, RunStopped(begun)]))


class TestPromotion:
    """A run with an image that is there."""

    def test_before_its_label_was_read(self) -> None:
        """Nothing was touched, and nothing is guessed of what runs."""
        spec = spec_for()
        given = PromotionSpec(spec.mode, IMAGE, spec.image, LOGIN, wanted().names, (), lambda _: spec)

        assert "Could not finish: the run was stopped. No Azure resource was touched." == str(
            stopped(given, [RunStopped()])
        )

    def test_while_it_is_imported(self) -> None:
        """What the app runs is told, whether or not the registry still takes the image."""
        app = AppImage(IMAGE, "0" * 32, ("score",), HttpTrigger())
        begun = (f"the image import `{IMAGE.pinned}`",)
        events = [
            ImageFound(app, spec_for(), "x.azurecr.io/y"),
            PlanMade(plan_of(APP, existed=True)),
            RunStopped(begun),
        ]
        words = str(stopped(spec_for(), events))

        assert f"Started, but not known to have finished: {begun[0]}." in words
        assert f"The function app `iris` runs `{OLD}` as before." in words
        assert REMOVE not in words


class TestDeployment:
    def test_before_anything_was_sent(self, tmp_path: Path) -> None:
        """Nothing was touched, and what runs is named; no command is needed."""
        words = told(tmp_path, existed=True)

        assert words == (
            "Could not finish: the run was stopped. No Azure resource was touched. "
            f"The function app `iris` runs `{OLD}` as before."
        )

    def test_while_resources_are_made_beside_the_image(self) -> None:
        """There is no plan with an image yet, and resources are there all the same."""
        ground = PlanBegun(plan_of(PLAN, APP, existed=False))
        begun = ("the storage account `irisstorage`",)

        words = str(stopped(spec_for(), [ground, MADE, RunStopped(begun)]))

        assert "No Azure resource was touched" not in words
        assert "Written: the plan `iris-plan`. " in words
        assert "Started, but not known to have finished: the storage account `irisstorage`. " in words
        assert "The function app `iris` was not created. Run again to continue" in words
        assert REMOVE in words

    @pytest.mark.parametrize(
        ("existed", "events", "begun", "parts"),
        [
            (False, (MADE,), ("the function app `iris`",), (", or not be there.", REMOVE)),
            (True, (MADE,), ("the function app `iris`",), (f", or `{OLD}` as before.", BACK)),
            (False, (MADE, LIVE), (), ("which is not verified. Run again", REMOVE)),
            (True, (LIVE,), (), (f"which is not verified. Before this run it ran `{OLD}`. Run again", BACK)),
            (True, (MADE,), (), (f"The function app `iris` runs `{OLD}` as before. Run again",)),
        ],
    )
    def test_while_the_app_is_written(
        self, tmp_path: Path, existed: bool, events: tuple[Event, ...], begun: tuple[str, ...], parts: tuple[str, ...]
    ) -> None:
        """What it may run, what it ran before, and the way back: never a removal of an app that was there."""
        words = told(tmp_path, *events, existed=existed, begun=begun)

        assert [] == [part for part in parts if part not in words]
        assert (REMOVE in words) is not existed

    def test_once_it_is_live(self, tmp_path: Path) -> None:
        """There is nothing to run again for."""
        words = told(tmp_path, MADE, LIVE, VERIFIED, existed=True)

        assert f"The function app `iris` is live with `{NEW}" in words
        assert "Run again" not in words

    def test_in_the_middle_of_an_undo(self, tmp_path: Path) -> None:
        """Whether anything was put back is told as it was."""
        events, back = (LIVE, UndoBegun(OLD)), "what the function app `iris` ran before"

        assert f"`{OLD}` was being restored: it may run either." in told(tmp_path, *events, existed=True, begun=(back,))
        assert f"`{OLD}` was not restored." in told(tmp_path, *events, existed=True)
        assert "All is well." in told(tmp_path, *events, UndoEnded("All is well."), existed=True)

    @pytest.mark.parametrize(
        ("names", "existed", "parts"),
        [
            ({"slot_name": "pr-1"}, False, ("`mode: destroy` and without `slot-name`, or", "--app-name iris")),
            ({"slot_name": "pr-1", "swap": True}, False, ("without `slot-name` and `swap`, or", "--app-name iris")),
            (
                {"slot_name": "pr-1"},
                True,
                ("To remove the slot, run this step with `mode: destroy`, or", "--slot-name pr-1"),
            ),
            ({"slot_name": "pr-1", "swap": True}, True, ("`mode: destroy` and without `swap`, or", "--slot-name pr-1")),
        ],
    )
    def test_whose_slot_was_made_says_what_removes_it(
        self, names: dict[str, Any], existed: bool, parts: tuple[str, ...]
    ) -> None:
        """The app and all that it uses, where the run made them; and the slot alone, where the app was there."""
        made = (APP, Change("deployment slot", "iris/pr-1", Action.CREATE))
        written = [ResourceWritten(Written(one, 1.0)) for one in (made[1:] if existed else made)]
        plan = PlanMade(plan_of(*made, existed=existed, **names))

        words = str(stopped(spec_for(**names), [plan, *written, RunStopped()]))

        assert [] == [part for part in parts if part not in words]
        assert ("--slot-name" in words) is existed

    def test_with_a_slot(self, tmp_path: Path) -> None:
        """Where the new version is, and that the app runs what it ran, until a swap was sent."""
        plan = PlanMade(plan_of(MOVE, existed=True, slot_name="staging", swap=True))
        slot = replace(VERIFIED, candidate="staging")
        there = [*image_events(tmp_path), plan]
        swap = ("the swap of iris/staging with iris",)

        words = [
            str(stopped(spec_for(), [*there, *more]))
            for more in (
                [RunStopped()],
                [slot, RunStopped()],
                [slot, RunStopped(swap)],
                [slot, Moved(Written(MOVE, 1.0)), ResourceWritten(Written(MOVE, 1.0)), RunStopped()],
            )
        ]

        assert "was on its way to the slot `staging`." in words[0]
        assert f"is live in the slot `staging`. The function app `iris` itself runs `{OLD}` as before." in words[1]
        assert f"or `{OLD}` as before; the other is then in the slot `staging`." in words[2]
        assert f"which is not verified there; `{OLD}` is in the slot `staging`." in words[3]
        back = "`az functionapp deployment slot swap --resource-group iris-rg --name iris --slot staging`"
        assert [back in one for one in words] == [False, False, True, True]

    def test_names_that_do_not_follow_from_the_app_are_part_of_the_command(self, tmp_path: Path) -> None:
        """A removal with other names would not find what was made; what lies elsewhere it must not name."""
        spec = spec_for(plan_name="shared", other_groups={"plan-name": "other"})
        events = [*image_events(tmp_path), PlanMade(plan_of(PLAN, APP, existed=False)), MADE, RunStopped()]

        words = str(stopped(spec, events))

        assert "--resource-group iris-rg --app-name iris --storage-account irisstorage`" in words

    def test_what_is_elsewhere_is_part_of_the_command_by_its_id(self, tmp_path: Path) -> None:
        """A removal takes off the roles that the app's identity has there."""
        names = {"application-insights": "hub-rg"}, {"application-insights": "h"}
        spec = spec_for(application_insights="insights", other_groups=names[0], other_subscriptions=names[1])
        spec = replace(spec, image=ImageTarget("", "package", None, "contoso", "hub-rg", "h"))
        events = [*image_events(tmp_path), PlanMade(plan_of(PLAN, APP, existed=False)), MADE, RunStopped()]

        words, hub = str(stopped(spec, events)), "/subscriptions/h/resourceGroups/hub-rg/providers"

        assert f"--registry {hub}/Microsoft.ContainerRegistry/registries/contoso" in words
        assert f"--application-insights {hub}/Microsoft.Insights/components/insights" in words


class TestOthers:
    def test_before_the_inputs_were_read(self) -> None:
        """Nothing was touched."""
        assert str(stopped(None, ())) == "Could not finish: the run was stopped. No Azure resource was touched."

    def test_of_a_run_that_makes_an_image_alone(self, tmp_path: Path) -> None:
        """Whether the registry has it."""
        spec = replace(spec_for(), mode=Mode.PACKAGE, target=None)
        begun = RunStopped(("the image `contoso.azurecr.io/package:1.0`",))

        assert "The image is in the registry: `contoso.azurecr.io/package:1.0@" in str(
            stopped(spec, image_events(tmp_path))
        )
        assert "Started, but not known to have finished: the image `contoso.azurecr.io/package:1.0`." in str(
            stopped(spec, [begun])
        )

    def test_of_a_removal(self) -> None:
        """What is gone, what may be, and that it can be gone on with."""
        plan = plan_of(PLAN, existed=True)
        gone = ResourceWritten(Written(replace(PLAN, action=Action.DELETE), 1.0))
        events: list[Event] = [RemovalPlanned(plan), gone, RunStopped(("the identity `i`",))]  # type: ignore[arg-type]

        assert str(stopped(removal(), events)) == (
            "Could not finish: the run was stopped. Removed: the plan `iris-plan`. "
            "Started, but not known to have finished: the identity `i`. Azure may still end it. "
            "Run again to remove the rest."
        )
        assert "Nothing was removed." in str(stopped(removal(), []))
