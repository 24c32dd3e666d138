"""From a spec to what is wanted: the trigger's part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.spec import BlobTrigger, ServiceBusQueueTrigger
from support.wanted import BLOB, HTTP, QUEUE, wanted

if TYPE_CHECKING:
    from functions_model.core.spec import Trigger


class TestWhatATriggerWorksOn:
    def test_is_nothing_with_http(self) -> None:
        """An HTTP trigger needs the host storage account alone."""
        want = wanted(trigger=HTTP)

        assert want.data is None
        assert ("irisstorage",) == want.storage_accounts

    @pytest.mark.parametrize(("trigger", "missing"), [(BLOB, "data_storage_account"), (QUEUE, "service_bus_namespace")])
    def test_must_be_named(self, trigger: Trigger, missing: str) -> None:
        """A target without it is an error of the caller, told at once."""
        without: dict[str, Any] = {missing: None}
        with pytest.raises(ValueError, match="trigger needs a"):
            wanted(trigger=trigger, **without)


class TestRoles:
    @pytest.mark.parametrize(
        ("trigger", "count"),
        [
            (HTTP, 3),
            (BLOB, 8),
            (BlobTrigger("input/{name}", None), 8),
            (QUEUE, 5),
            (ServiceBusQueueTrigger("orders", None), 4),
        ],
        ids=["http", "blob", "blob-without-output", "queue", "queue-without-output"],
    )
    def test_are_the_least_that_will_do(self, trigger: Any, count: int) -> None:
        """Each trigger adds its own, and none twice."""
        roles = wanted(trigger=trigger).roles

        assert count == len(roles) == len({(role.definition, role.scope) for role in roles})

    def test_wait_for_what_they_are_held_on(self) -> None:
        """Everything but the registry may have to be made first."""
        waits = [role.waits_for for role in (*wanted(trigger=BLOB).roles, *wanted(trigger=QUEUE).roles)]

        assert {
            "",
            "storage account/irisstorage",
            "storage account/irisdata",
            "Service Bus queue/orders",
            "Service Bus queue/answers",
        } == set(waits)
        assert 2 == waits.count("")
