"""What people read: log lines, the summary page, and the outputs that later steps read."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions_model.bundle.deployable import AppImage
from functions_model.ci.plain import PlainHost
from functions_model.core.failures import InputsInvalid, NotLive, Problem
from functions_model.core.references import ImageReference
from functions_model.core.spec import AuthLevel, HttpTrigger, Mode
from functions_model.pipeline.events import (
    AppVerified,
    ImageFound,
    ImagePushed,
    Moved,
    PlanApplied,
    PlanMade,
    ResourceWritten,
    StageEnded,
)
from functions_model.pipeline.registry_events import LiveTagMoved
from functions_model.provision import Action, Applied, Change, FieldChange, Written
from functions_model.registry import PushedImage
from functions_model.report.formatting import count, duration, size
from functions_model.report.narration import narrate
from functions_model.report.outputs import outputs
from functions_model.report.page import summary
from functions_model.report.plan_document import plan_json
from functions_model.report.plan_text import field_lines, field_text, plan_text
from support.events import GREEN, NOW, OLDER, PLAN_LINK, built, changes, deployment
from support.golden import matches_golden, normal
from support.wanted import TARGET, spec_for

if TYPE_CHECKING:
    from functions_model.pipeline.events import Event

GOLDEN = Path(__file__).parent / "golden"


class TestFigures:
    """`figures`."""

    @pytest.mark.parametrize(
        ("number", "text"),
        [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (12_345, "12.3 kB"),
            (149_000_000, "149 MB"),
            (1_070_000_000, "1.07 GB"),
        ],
    )
    def test_sizes_are_short(self, number: int, text: str) -> None:
        """Three digits are enough, in the decimal units that registries use."""
        assert size(number) == text

    def test_durations_and_counts_read_well(self) -> None:
        """Minutes from a hundred seconds on; plurals."""
        assert [duration(0.04), duration(99.94), duration(185)] == ["0.0 s", "99.9 s", "3 min 5 s"]
        assert [count(1, "layer"), count(2, "layer")] == ["1 layer", "2 layers"]


class TestPlanText:
    """`plan_text`."""

    def test_shows_symbol_fields_reason_and_count(self) -> None:
        """A changed resource shows before and after; one that is kept has a line where there is a reason to tell."""
        text = plan_text(changes(Action.UPDATE, Action.CREATE, Action.KEEP))

        assert text.splitlines() == [
            "  ~ plan iris-plan",
            "      sku: EP1 -> EP2",
            "  + storage account iris0001",
            "      sku: Standard_LRS",
            "    function app iris  (it is used as it is)",
            "",
            "Plan: 1 to create, 1 to update, 1 to keep.",
        ]

    def test_long_names_are_cut_to_what_tells_them_apart(self) -> None:
        """ARM ids by their last name, a digest that was by its start; whole where both sides would look the same."""
        one, two = (f"/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Web/plans/p" for group in "ab")

        assert field_text(FieldChange("scope", None, one)) == "scope: p"
        assert field_text(FieldChange("plan", one, two)) == f"plan: {one} -> {two}"
        assert field_text(FieldChange("image", f"r.io/p@{GREEN}", f"r.io/p@{OLDER}")) == (
            f"image: r.io/p@sha256:999999999999... -> r.io/p@{OLDER}"
        )

    def test_a_new_role_is_told_by_its_name_alone(self) -> None:
        """Role and scope are the name; one that moves shows them."""
        fields = (FieldChange("role", None, "AcrPull"), FieldChange("scope", None, "/subscriptions/s/registries/r"))
        new = Change("role assignment", "AcrPull on r", Action.CREATE, fields)

        assert field_lines(new) == []
        assert field_lines(replace(new, action=Action.UPDATE)) == ["role: AcrPull", "scope: r"]

    def test_the_settings_of_a_new_app_are_one_line(self) -> None:
        """All of them are new, and no value is shown; those of an app that is there have a line each."""
        settings = tuple(FieldChange(f"app setting `{name}`", None, "***") for name in "AB")
        fields = (FieldChange("plan", None, "p"), *settings)
        new = Change("function app", "iris", Action.CREATE, fields)

        assert field_lines(new) == ["plan: p", "2 app settings: A, B"]
        assert field_lines(replace(new, action=Action.UPDATE)) == [
            "plan: p",
            "app setting `A`: ***",
            "app setting `B`: ***",
        ]

    def test_no_changes_says_so(self) -> None:
        """One reassuring line, and those that are kept for a reason."""
        assert plan_text(changes(Action.KEEP, Action.KEEP, Action.KEEP)).splitlines() == [
            "    function app iris  (it is used as it is)",
            "",
            "No changes: everything is up to date (3 resources).",
        ]


class TestLog:
    """`narrate`."""

    def test_tells_a_deployment_line_by_line(self, tmp_path: Path) -> None:
        """The whole log of a deployment, word for word."""
        stream = io.StringIO()
        tell = narrate(PlainHost(stream), now=lambda: NOW)

        for event in deployment(tmp_path):
            tell(event)

        assert matches_golden(GOLDEN / "log.txt", _normal(stream.getvalue(), tmp_path)), stream.getvalue()

    def test_an_image_that_is_there_is_one_line(self, tmp_path: Path) -> None:
        """Nothing sent, and the log says so."""
        stream = io.StringIO()
        pushed = next(event for event in deployment(tmp_path) if isinstance(event, ImagePushed)).pushed

        narrate(PlainHost(stream))(ImagePushed(replace(pushed, bytes_sent=0, requests=3, manifest_written=False)))

        assert stream.getvalue() == "The registry has this image already; nothing was sent (3 requests).\n"


class TestSummary:
    """`summary`."""

    def test_a_deployment_fills_every_section(self, tmp_path: Path) -> None:
        """The page of a deployment that went well."""
        page = summary(spec_for(), deployment(tmp_path), None, 230.0, now=NOW)

        assert matches_golden(GOLDEN / "summary.md", _normal(page, tmp_path)), page
        assert f"[iris-plan]({PLAN_LINK})" in page
        assert 1 == page.count(built(tmp_path).app.reference.pinned.replace(":1.0", ""))

    @pytest.mark.parametrize(
        ("source", "written", "shown"),
        [("", False, 1), ("staging.azurecr.io/package", True, 1), ("staging.azurecr.io/package", False, 0)],
    )
    def test_the_whole_image_can_be_copied_once_it_is_there(self, source: str, written: bool, shown: int) -> None:
        """A rollback is given it."""
        reference = ImageReference("contoso.azurecr.io", "package", digest=GREEN)
        found = ImageFound(AppImage(reference, "0" * 32, ("score",), HttpTrigger()), spec_for(), source)
        done = ResourceWritten(Written(Change("image import", reference.pinned, Action.CREATE), 1.0))

        page = summary(spec_for(), [found, *([done] if written else [])], None, 1.0)

        assert shown == page.count(f"```\n{reference.pinned}\n```")

    def test_a_failure_stands_first_with_its_details_folded(self, tmp_path: Path) -> None:
        """What went wrong, then what was done before; a log cannot break out of its block."""
        failure = NotLive("verify the app", "it does not answer", "Read its log.", detail="```\nboom\n```")

        page = summary(spec_for(), deployment(tmp_path)[:-2], failure, 12.0, now=NOW)

        assert matches_golden(GOLDEN / "summary-failed.md", _normal(page, tmp_path)), page

    def test_refused_inputs_have_a_page_too(self) -> None:
        """Every problem is on it."""
        failure = InputsInvalid("read the inputs", [Problem("it is empty", "Give one.", "app-name")])

        page = summary(None, [], failure, 0.1)

        assert "## functions-model-action: the inputs were refused" in page
        assert "app-name: it is empty. Give one." in page

    def test_an_anonymous_function_needs_no_key(self, tmp_path: Path) -> None:
        """The command to call it needs nothing before it."""
        spec = replace(spec_for(), trigger=HttpTrigger(AuthLevel.ANONYMOUS))

        page = summary(spec, deployment(tmp_path), None, 1.0)

        assert "KEY" not in page
        assert '```bash\ncurl -H "Content-Type: application/json" --data-binary @request.json \\\n' in page

    def test_a_plan_says_that_nothing_was_written(self, tmp_path: Path) -> None:
        """Nobody should look for a live app after `mode: plan`."""
        events = deployment(tmp_path)[:8]

        page = summary(replace(spec_for(), mode=Mode.PLAN), events, None, 1.0)

        assert page.startswith("## `iris` is planned; nothing was written (1.0 s)")


class TestOutputs:
    """`outputs`."""

    def test_a_deployment_gives_all_of_them(self, tmp_path: Path) -> None:
        """Each output of the catalogue."""
        image = built(tmp_path).app.reference

        found = outputs(spec_for(), deployment(tmp_path))

        assert found == {
            "lock": "six==1.17.0\n",
            "base-image": f"mcr.microsoft.com/azure-functions/python@{GREEN}",
            "image": image.pinned,
            "image-repository": "contoso.azurecr.io/package",
            "package-location": image.pinned,
            "image-tag": "1.0",
            "digest": image.digest,
            "state": "live",
            "app-url": "https://iris.azurewebsites.net",
            "scoring-url": "https://iris.azurewebsites.net/api/score",
            "function-names": "identity,score",
            "changed": "true",
            "has-changes": "true",
            "plan": plan_json(changes(Action.UPDATE, Action.CREATE, Action.KEEP)),
        }

    @pytest.mark.parametrize(("last", "word"), [(Action.KEEP, "false"), (Action.CREATE, "true")])
    def test_a_plan_says_whether_it_would_change_anything(self, last: Action, word: str) -> None:
        """`has-changes`; nothing was written yet."""
        plan = changes(Action.KEEP, Action.KEEP, last)

        assert outputs(spec_for(), [PlanMade(plan)]) == {
            "changed": "false",
            "has-changes": word,
            "plan": plan_json(plan),
        }

    def test_a_swap_alone_is_a_change(self, tmp_path: Path) -> None:
        """The image was there, and every resource as wanted; production runs another version all the same."""
        plan = changes(Action.KEEP, Action.KEEP, Action.KEEP)
        there = ImagePushed(PushedImage(built(tmp_path).app.reference, (), 0, 1, manifest_written=False))
        swapped = Moved(Written(Change("swap", "iris/staging with iris", Action.UPDATE), 60.0))

        found = outputs(spec_for(), [there, PlanMade(plan), PlanApplied(Applied((), plan.changes, 0.0)), swapped])

        assert "true" == found["changed"]

    def test_a_live_tag_alone_is_a_change(self) -> None:
        """An app that was deployed before there were such tags gets its own."""
        reference = ImageReference("contoso.azurecr.io", "package", "live-0123456789ab")
        found = outputs(spec_for(), [LiveTagMoved(reference, TARGET.names)])

        assert "true" == found["changed"]

    @pytest.mark.parametrize("mode", [Mode.PLAN, Mode.DEPLOY])
    def test_what_is_planned_is_no_change(self, mode: Mode) -> None:
        """Nothing was written: by `mode: plan`, or by a run that failed before its first write."""
        found = outputs(replace(spec_for(), mode=mode), [PlanMade(changes(*[Action.CREATE] * 3))])

        assert ("true", "false") == (found["has-changes"], found["changed"])

    def test_a_run_that_failed_half_way_has_changed_something(self) -> None:
        """A resource was made beside the image, which then could not be made."""
        written = ResourceWritten(Written(changes(*[Action.CREATE] * 3).changes[0], 1.0))

        assert {"changed": "true"} == outputs(spec_for(), [written])

    @pytest.mark.parametrize(("mode", "told"), [(Mode.DEPLOY, False), (Mode.PACKAGE, False), (Mode.PLAN, True)])
    def test_an_image_that_was_not_pushed_is_none(self, tmp_path: Path, mode: Mode, told: bool) -> None:
        """Only a plan tells of an image that is in no registry, and nobody of a tag that was not written."""
        found = outputs(replace(spec_for(), mode=mode), [built(tmp_path)])

        assert (told, told, False) == ("image" in found, "digest" in found, "image-tag" in found)

    @pytest.mark.parametrize(("swaps", "told"), [(0, True), (1, False), (2, True)])
    def test_what_was_swapped_away_is_no_proof(self, tmp_path: Path, swaps: int, told: bool) -> None:
        """The slot was live; then the app was not, and the swap could not be taken back, or was."""
        proof = next(event for event in deployment(tmp_path) if isinstance(event, AppVerified))
        swapped = Moved(Written(Change("swap", "iris/staging with iris", Action.UPDATE), 60.0))
        events: list[Event] = [replace(proof, candidate="staging"), *[swapped] * swaps]

        assert (told, told) == ("app-url" in outputs(spec_for(), events), "### How to use it" in page_of(events))

    def test_a_run_that_failed_early_gives_none(self) -> None:
        """Nothing is known, so nothing is said."""
        assert outputs(spec_for(), [StageEnded("Check", 0.1, succeeded=False)]) == {}


def page_of(events: list[Event]) -> str:
    return summary(spec_for(), events, None, 1.0)


def _normal(text: str, folder: Path) -> str:
    image = built(folder)
    names = {layer.digest.removeprefix("sha256:")[:12]: f"<{layer.name}>" for layer in image.image.layers}
    return normal(text, {str(image.app.reference.digest): "<digest>", **names})
