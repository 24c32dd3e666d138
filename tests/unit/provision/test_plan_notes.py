"""Inputs that say how something is made, beside one that was made in another way: told, as it stays so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.fake_arm import FakeArm
from support.provisioning import applied, planned
from support.wanted import HTTP, QUEUE

if TYPE_CHECKING:
    from functions_model.core.spec import Trigger

TELEMETRY = {"application_insights": "iris-insights", "log_analytics_workspace": "iris-logs"}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "service-bus-sku": (
        {"trigger": QUEUE},
        {"service_bus_sku": "Premium"},
        "the Service Bus namespace `iris-bus` is there, of the size `Standard`, which it keeps.",
    ),
    "log-analytics-workspace": (
        TELEMETRY,
        {"log_analytics_workspace": "other"},
        "the Application Insights component `iris-insights` is there, and keeps its data in `iris-logs`.",
    ),
}


@pytest.mark.parametrize("name", CASES)
class TestAnInputForWhatIsNew:
    def test_is_told_where_it_counts_for_nothing(self, name: str) -> None:
        """It was given, and says something else than there is."""
        first, then, note = CASES[name]
        arm = FakeArm()
        applied(arm, planned(arm, **first))

        [said] = planned(arm, **{**first, **then, "given": frozenset({name})}).notes

        assert said.startswith(f"`{name}` is `")
        assert said.endswith(f", and {note} Leave `{name}` out.")

    def test_is_no_news_where_it_says_what_there_is(self, name: str) -> None:
        """Nor where it was not given: what is derived is for something new alone."""
        first, then, _ = CASES[name]
        arm = FakeArm()
        applied(arm, planned(arm, **first))

        assert () == planned(arm, **{**first, "given": frozenset({name})}).notes
        assert () == planned(arm, **{**first, **then}).notes


class TestTheContainerLog:
    @pytest.mark.parametrize(
        ("trigger", "words"),
        [(HTTP, ""), (QUEUE, ", and it cannot show whether the trigger stays quiet")],
    )
    def test_that_is_off_is_offered(self, trigger: Trigger, words: str) -> None:
        """With the command that turns it on; the plan changes nothing of it."""
        arm = FakeArm()
        applied(arm, planned(arm, trigger=trigger))
        on = planned(arm, trigger=trigger).notes
        [site] = [one for path, one in arm.resources.items() if path.endswith("/sites/iris")]
        site["properties"]["siteConfig"]["httpLoggingEnabled"] = False

        plan = planned(arm, trigger=trigger)

        command = "az webapp log config --name iris --resource-group iris-rg --docker-container-logging filesystem"
        assert () == on
        off = f"The container log of the function app `iris` is off, so a failure cannot show it{words}."
        assert (f"{off} To turn it on: {command}",) == plan.notes
        assert not plan.has_changes
