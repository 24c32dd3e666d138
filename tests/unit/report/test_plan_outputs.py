"""Plans as people and machines read them: the log's text, the page's Markdown, and the output's JSON, word for word."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import ApplyIncomplete, PlanRefused
from functions_model.core.secrets import Secret
from functions_model.core.spec import Mode
from functions_model.pipeline.deployment import PENDING
from functions_model.pipeline.events import PlanBegun, PlanMade, RemovalPlanned, ResourceWritten, RunStopped
from functions_model.provision import Written
from functions_model.provision import plan as plan_for
from functions_model.provision.removable import RolesHeld
from functions_model.provision.removal import removal_plan
from functions_model.report.narration import lines_of
from functions_model.report.outputs import outputs
from functions_model.report.page import summary
from functions_model.report.plan_document import RelativeIds, plan_json
from functions_model.report.plan_page import plan_section
from functions_model.report.plan_text import plan_text
from support.fake_arm import SUBSCRIPTION, FakeArm
from support.golden import matches_golden, normal
from support.provisioning import live, planned
from support.removal import APP, HUB, SLOT, WHOLE, found, removal, without_tag
from support.tools import ROOT
from support.wanted import BLOB, HTTP, QUEUE, spec_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.pipeline.events import Event
    from functions_model.provision import ResourcePlan

GOLDEN = Path(__file__).parent / "golden" / "plans"
EVENING = {"GREETING": Secret("good evening")}


def without_identity() -> FakeArm:
    """The same, after somebody deleted the app's identity: its role assignments are still there."""
    arm = live()
    del arm.resources[next(path for path in arm.resources if "/userassignedidentities/" in path)]
    return arm


PLANS: dict[str, Callable[[], ResourcePlan]] = {
    "first-http": lambda: planned(FakeArm(), trigger=HTTP),
    "first-blob": lambda: planned(FakeArm(), trigger=BLOB),
    "first-queue": lambda: planned(FakeArm(), trigger=QUEUE),
    "new-image": lambda: planned(live(), digit="b"),
    "new-setting": lambda: planned(live(), app_settings=EVENING),
    "no-changes": lambda: planned(live()),
    "new-identity": lambda: planned(without_identity()),
}


REMOVALS = {
    "removal": removal_plan(removal(), WHOLE, "https://portal.azure.com"),
    "removal-with-data": removal_plan(removal(with_data=True), WHOLE, "https://portal.azure.com"),
    "removal-of-a-slot": removal_plan(
        removal(slot_name="pr-12"), found(resources=(APP, SLOT), roles=RolesHeld()), "https://portal.azure.com"
    ),
    "no-slot-to-remove": removal_plan(removal(slot_name="pr-12"), found(resources=(APP,)), "https://portal.azure.com"),
    "nothing-to-remove": removal_plan(removal(), found(resources=without_tag(APP)), "https://portal.azure.com"),
}


class TestRemovals:
    @pytest.mark.parametrize("name", REMOVALS)
    def test_read_the_same_in_the_log_on_the_page_and_as_json(self, name: str) -> None:
        """What goes, why, and why the rest stays."""
        plan = REMOVALS[name]

        assert matches_golden(GOLDEN / f"{name}.txt", plan_text(plan))
        assert matches_golden(GOLDEN / f"{name}.md", plan_section([RemovalPlanned(plan)], applies=False))
        assert matches_golden(GOLDEN / f"{name}.json", plan_json(plan))

    @pytest.mark.parametrize(
        ("name", "mode", "headline"),
        [
            ("removal", Mode.DESTROY, "## `iris` is removed (1.0 s)"),
            ("removal", Mode.PLAN_DESTROY, "## `iris` is planned to be removed; nothing was written (1.0 s)"),
            ("nothing-to-remove", Mode.DESTROY, "## `iris` has nothing to remove (1.0 s)"),
        ],
    )
    def test_have_a_page(self, name: str, mode: Mode, headline: str) -> None:
        """Its first line says what became of the deployment."""
        page = summary(removal(mode=mode), [RemovalPlanned(REMOVALS[name])], None, 1.0)

        assert headline == page.splitlines()[0]

    def test_that_are_only_shown_have_changed_nothing(self) -> None:
        """`plan-destroy`."""
        found = outputs(removal(mode=Mode.PLAN_DESTROY), [RemovalPlanned(REMOVALS["removal"])])

        assert ("true", "false") == (found["has-changes"], found["changed"])

    def test_of_a_slot_say_so_in_their_first_line(self) -> None:
        """Nobody must think that production went."""
        spec, plan = removal(slot_name="pr-12"), REMOVALS["removal-of-a-slot"]

        assert (
            "## The slot `pr-12` of `iris` is removed (1.0 s)"
            == (summary(spec, [RemovalPlanned(plan)], None, 1.0).splitlines()[0])
        )


class TestPlans:
    @pytest.mark.parametrize("name", PLANS)
    def test_reads_the_same_in_the_log_on_the_page_and_as_json(self, name: str) -> None:
        """Symbol, resource, fields before and after, reason and count; the digest whole, settings by name."""
        plan = PLANS[name]()

        assert matches_golden(GOLDEN / f"{name}.txt", plan_text(plan))
        assert matches_golden(GOLDEN / f"{name}.md", plan_section([PlanMade(plan)], applies=False))
        assert matches_golden(GOLDEN / f"{name}.json", plan_json(plan))

    @pytest.mark.parametrize("name", ["first-http", "new-image", "new-setting", "no-changes"])
    def test_are_completed_without_being_told_twice(self, name: str) -> None:
        """Of a plan that was shown with the digest pending, the image and the count are left to tell."""
        plan = PLANS[name]()
        begun = plan_for(replace(plan.wanted, image=f"contoso.azurecr.io/package, {PENDING}"), plan.observed)

        first, then = lines_of(PlanBegun(begun)), lines_of(PlanMade(plan, begun))

        assert (
            f"The image's digest is pending: until it is known, the image counts as a new one.\n{plan_text(begun)}"
            == first
        )
        assert PENDING in first
        assert matches_golden(GOLDEN / f"completed-{name}.txt", then)

    @pytest.mark.parametrize("name", ["first-http", "new-setting"])
    def test_shows_no_value_of_a_setting(self, name: str) -> None:
        """Neither what a setting was nor what it will be is in any of the three."""
        plan = PLANS[name]()

        texts = (plan_text(plan), plan_section([PlanMade(plan)], applies=False), plan_json(plan))

        assert [] == [text for text in texts if "good" in text]

    @pytest.mark.parametrize("name", [*PLANS, *REMOVALS])
    def test_say_no_subscription(self, name: str) -> None:
        """Its id may be a secret of the repository, and a CI host drops outputs that hold one."""
        text = plan_json(PLANS[name]() if name in PLANS else REMOVALS[name])

        assert [] == [one for one in (SUBSCRIPTION, HUB) if one in text]
        assert '"resource-id": "/resourceGroups/iris-rg' in text

    def test_tell_other_subscriptions_apart(self) -> None:
        """From the app's own, and from one another, in whatever case Azure writes an id."""
        ids, third = RelativeIds(SUBSCRIPTION.upper()), "33333333-3333-3333-3333-333333333333"
        texts = (
            f"/subscriptions/{HUB}/resourceGroups/a",
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/a, /SUBSCRIPTIONS/{third}/x",
            f"/subscriptions/{HUB}",
            f"/subscriptions/{SUBSCRIPTION}",
        )

        assert [
            "/subscriptions/other/resourceGroups/a",
            "/resourceGroups/a, /subscriptions/other-2/x",
            "/subscriptions/other",
            "/",
        ] == [ids.within(text) for text in texts]

    def test_that_are_the_same_are_the_same_json(self) -> None:
        """The order is the plan's own, so that two outputs can be compared as text."""
        assert plan_json(planned(live())) == plan_json(planned(live()))

    def test_are_documented_by_an_example_that_is_one(self) -> None:
        """The reference shows what `mode: plan` gives for a new image."""
        page = (ROOT / "docs" / "reference" / "plan.md").read_text(encoding="utf-8")
        example = page.partition("```json\n")[2].partition("\n```")[0]

        assert json.loads(plan_json(PLANS["new-image"]())) == json.loads(example)

    def test_that_are_refused_have_a_page_with_every_reason(self) -> None:
        """No table, as there is no plan, and the way out of each."""
        arm = live()
        arm.resources[next(path for path in arm.resources if path.endswith("/iris-plan"))]["properties"]["reserved"] = 0
        arm.resources[next(path for path in arm.resources if path.endswith("/sites/iris"))]["kind"] = "functionapp"

        with pytest.raises(PlanRefused) as caught:
            planned(arm)

        assert matches_golden(GOLDEN / "refused.txt", str(caught.value))
        assert matches_golden(GOLDEN / "refused.md", summary(spec_for(), [], caught.value, 1.0))


class TestOutcomes:
    def test_of_a_run_that_failed_half_way_tell_what_was_done_and_what_was_not(self) -> None:
        """Each resource has its outcome and its time; those that were there are told as left alone."""
        plan = planned(live(), digit="b", trigger=QUEUE)
        done = [ResourceWritten(Written(change, 44.6)) for change in plan.changes if "namespace" in change.kind]
        failure = ApplyIncomplete("create the Service Bus queue `orders`", "the service is busy", "Run again.")

        page = summary(spec_for(trigger=QUEUE), [PlanMade(plan), *done], failure, 50.0)

        assert matches_golden(GOLDEN / "half-way.md", normal(page, {}))

    def test_of_a_run_that_failed_before_the_image_was_known_tell_what_was_begun(self) -> None:
        """The plan has no image yet; what was made beside it is told all the same."""
        plan = planned(FakeArm())
        first, second, *_ = plan.changes
        events: list[Event] = [PlanBegun(plan), ResourceWritten(Written(first, 1.0)), RunStopped((str(second),))]

        section = plan_section(events, applies=True)

        assert f"1 created, {len(plan.changes) - 1} not done." in section
        assert 1 == section.count("**started**, not known to have finished")

    def test_of_a_run_that_changed_nothing_say_so(self) -> None:
        """One sentence, and the names for who wants to see them."""
        section = plan_section([PlanMade(planned(live()))], applies=True)

        assert "No changes: everything is up to date (8 resources)." in section
        assert "<summary>8 resources left alone</summary>" in section
        assert "| done |" not in section
