"""The summary as GitHub shows it: nothing scrolls sideways, and what matters is seen without a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import NotLive
from functions_model.pipeline.events import PlanMade, ResourceWritten
from functions_model.provision import Written
from functions_model.report.page import summary
from support.browser import seen_in_a_browser
from support.events import deployment
from support.fake_arm import FakeArm
from support.provisioning import live, planned
from support.wanted import BLOB, HTTP, QUEUE, spec_for

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.spec import Trigger

pytestmark = pytest.mark.needs("chromium")


@pytest.mark.parametrize("trigger", [HTTP, BLOB, QUEUE], ids=["http", "blob", "queue"])
def test_a_first_deployment_fits(tmp_path: Path, trigger: Trigger) -> None:
    """With every resource, and up to twenty app settings, whose names nobody sees before a click."""
    plan = planned(FakeArm(), trigger=trigger)
    done = [ResourceWritten(Written(change, 61.5)) for change in plan.changes]

    page = seen_in_a_browser(
        summary(spec_for(trigger=trigger), [*deployment(tmp_path), PlanMade(plan), *done], None, 9.0), tmp_path
    )

    assert () == page.wide
    assert "app settings" in page.text
    assert "AZURE_CLIENT_ID" not in page.text
    assert "it does not exist" not in page.text


def test_a_failure_shows_its_cause(tmp_path: Path) -> None:
    """Also that of an update, with long names of images before and after."""
    log = "Traceback (most recent call last):\n  File \"/var/azureml-app/score.py\", line 3, in run\nKeyError: 'x'\n"
    failure = NotLive("verify the app", "it fails", "Look.", detail=log * 40)
    plan = planned(live(), digit="b")

    page = seen_in_a_browser(summary(spec_for(), [*deployment(tmp_path), PlanMade(plan)], failure, 9.0), tmp_path)

    assert () == page.wide
    assert "score.py, line 3: KeyError: 'x'" in page.text
    assert "Traceback" not in page.text
