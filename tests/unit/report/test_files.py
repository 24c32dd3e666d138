"""The files about a run: what is in them, and for whom."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.core.report_names import NAMES
from functions_model.core.spec import Mode
from functions_model.pipeline.events import EnvironmentResolved, PlanBegun, RemovalPlanned
from functions_model.provision import Action
from functions_model.provision.removal import removal_plan
from functions_model.report.files import report_files, without_ids
from functions_model.report.formatting import last
from functions_model.report.outputs import outputs
from support.events import PLAN_LINK, deployment
from support.fake_arm import SUBSCRIPTION, FakeArm
from support.provisioning import planned
from support.removal import WHOLE, removal
from support.wanted import spec_for

if TYPE_CHECKING:
    from pathlib import Path


class TestFiles:
    """`report_files`."""

    def test_of_a_deployment_are_all_there_are(self, tmp_path: Path) -> None:
        """Plan, lock and image are those of the outputs."""
        events = deployment(tmp_path)

        files, found = report_files(spec_for(), events, "log\n"), outputs(spec_for(), events)

        assert set(NAMES) == set(files)
        assert (found["lock"], f"{found['image']}\n", "log\n") == tuple(
            files[name] for name in ("requirements.lock", "image.txt", "log.txt")
        )
        assert json.loads(found["plan"]) == json.loads(files["plan.json"])
        assert ["six"] == [part["name"] for part in json.loads(files["sbom.json"])["components"]]
        assert "| `~` | plan iris-plan | sku: EP1 -> EP2 | updated in 1.5 s |" in files["plan.md"]

    @pytest.mark.parametrize(("spec", "log", "names"), [(None, "refused\n", {"log.txt"}), (spec_for(), "", set())])
    def test_say_nothing_of_what_was_never_known(self, spec: None, log: str, names: set[str]) -> None:
        """As where the inputs were refused."""
        assert names == set(report_files(spec, [], log))

    def test_of_a_run_that_failed_before_the_image_was_known(self) -> None:
        """The plan as it was begun, twice."""
        files = report_files(spec_for(), [PlanBegun(planned(FakeArm()))], "")

        assert {"plan.json", "plan.md"} == set(files)
        assert "**not done**" in files["plan.md"]

    @pytest.mark.parametrize(("more", "is_cut"), [(200, False), (2000, True)])
    def test_a_plan_fits_into_a_comment(self, more: int, is_cut: bool) -> None:
        """However long it is: whole lines, nothing left open, and where the rest is."""
        plan = planned(FakeArm())
        kept = tuple(replace(plan.changes[0], action=Action.KEEP, name=f"some-name-{one}") for one in range(more))
        files = report_files(spec_for(), [PlanBegun(replace(plan, changes=(*plan.changes, *kept)))], "")
        page = files["plan.md"]

        assert (is_cut, True) == ("`plan.json` has the rest" in page, len(page) < 65_536 - 5_000)
        assert page.count("<details>") == page.count("</details>")
        named = [one["name"] for one in json.loads(files["plan.json"])["changes"]]
        assert more == len([name for name in named if name.startswith("some-name-")])

    @pytest.mark.parametrize("mode", [Mode.DESTROY, Mode.PLAN_DESTROY])
    def test_of_a_removal_have_its_plan(self, mode: Mode) -> None:
        """What went, or what would go."""
        event = RemovalPlanned(removal_plan(removal(), WHOLE, "https://portal.azure.com"))

        files = report_files(removal(mode=mode), [event], "")

        assert ("not done" in files["plan.md"]) is (mode is Mode.DESTROY)
        assert [] == [text for text in files.values() if SUBSCRIPTION in text or "portal" in text]

    def test_have_no_link_that_holds_a_subscription(self, tmp_path: Path) -> None:
        """A page for a pull request may be read by everybody."""
        assert PLAN_LINK not in report_files(spec_for(), deployment(tmp_path), "")["plan.md"]

    def test_name_the_python_of_the_image(self, tmp_path: Path) -> None:
        """Its bill of materials has the version that was chosen."""
        events = deployment(tmp_path)
        resolved = last(events, EnvironmentResolved)
        assert resolved
        later = [*events, replace(resolved, python=replace(resolved.python, version="3.13"))]

        properties = json.loads(report_files(spec_for(), later, "")["sbom.json"])["metadata"]["component"]["properties"]

        assert "3.13" == next(one["value"] for one in properties if one["name"].endswith("python-version"))


class TestIds:
    """`without_ids`."""

    def test_are_named_by_the_input_that_gave_them(self) -> None:
        """In whatever case a service writes them."""
        one = "0a1b2c3d-1111-4222-8333-444455556666"

        text = without_ids(f"az x --scope /subscriptions/{one}, {one.upper()}", {"subscription-id": one})

        assert "az x --scope /subscriptions/<subscription-id>, <subscription-id>" == text

    @pytest.mark.parametrize("form", ["/subscriptions/{}/x", "of the subscription `{}`", "--subscription {}"])
    def test_of_other_subscriptions_are_not_shown(self, form: str) -> None:
        """As of the hub that an input's ARM id leads to."""
        hub = "0A1B2C3D-1111-4222-8333-444455556666"

        text = without_ids(f"{form.format(hub)}, tenant {hub[::-1]}", {})

        assert f"{form.format('<other-subscription-id>')}, tenant {hub[::-1]}" == text
