"""Regions: where things are, whatever `location` says, and those that there are none of."""

from __future__ import annotations

import pytest

from functions_model.provision.places import no_such_region
from support.fake_arm import FakeArm
from support.provisioning import applied, planned
from support.wanted import QUEUE

REGIONS = ("westeurope", "northeurope", "eastus", "eastus2")


class TestWhatIsThere:
    def test_stays_where_it_is_and_is_named(self) -> None:
        """All of it in one sentence, with both ways on."""
        arm = FakeArm()
        applied(arm, planned(arm, trigger=QUEUE))

        [note] = planned(arm, trigger=QUEUE, location="northeurope").notes

        assert (
            "`location` is `northeurope`, and the function app `iris`, the storage account `irisstorage` and the "
            "Service Bus namespace `iris-bus` are in `westeurope`: existing resources stay where they are, and only "
            "new ones are created in `northeurope`. Set `location` to `westeurope`; or, to move, deploy under another "
            "`app-name`, and then remove this one (`mode: destroy`)."
        ) == note

    def test_is_no_news_where_it_is(self) -> None:
        """However the service spells it."""
        arm = FakeArm()
        applied(arm, planned(arm))
        for one in arm.resources.values():
            one["location"] = "West Europe"

        assert () == planned(arm).notes


class TestARegion:
    @pytest.mark.parametrize(
        ("location", "remedy"),
        [
            ("westeurop", "Did you mean `westeurope`?"),
            ("eastus3", "Did you mean `eastus` or `eastus2`?"),
            ("mars", "Set `location` to one of: eastus, eastus2, northeurope, westeurope."),
        ],
    )
    def test_that_there_is_none_of_is_told_with_what_there_is(self, location: str, remedy: str) -> None:
        """What is near, or all of them."""
        problem = no_such_region(location, REGIONS)

        assert problem is not None
        assert (f"there is no region `{location}` for this subscription", remedy) == (problem.what, problem.remedy)

    @pytest.mark.parametrize("regions", [REGIONS, ()])
    def test_that_is_one_or_that_nobody_knows_of_is_none(self, regions: tuple[str, ...]) -> None:
        """Without a list nothing is refused."""
        assert no_such_region("westeurope", regions) is None
