"""Whether a trigger can work, by what there is after a deployment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions_model.core.failures import NotLive
from functions_model.core.spec import Access, ServiceBusQueueTrigger, Trigger
from functions_model.pipeline.verifying import reached
from functions_model.provision import ResourcePlan
from functions_model.provision.access.readiness import readiness
from functions_model.verify import Reach
from support.fake_arm import FakeArm, arm_error
from support.provisioning import applied, planned
from support.wanted import BLOB, HTTP, QUEUE, REGISTRY


def again(trigger: Trigger, **changes: Any) -> tuple[FakeArm, ResourcePlan]:
    """A second deployment, which keeps what it needs."""
    arm = FakeArm()
    applied(arm, planned(arm, trigger=trigger, **changes))
    plan = planned(arm, trigger=trigger, **changes)
    arm.asked.clear()
    return arm, plan


def take(arm: FakeArm, part: str) -> None:
    """Take away what has this in its path."""
    arm.resources = {key: value for key, value in arm.resources.items() if part.lower() not in key}


class TestAFirstDeployment:
    @pytest.mark.parametrize("trigger", [BLOB, QUEUE])
    def test_asks_nothing(self, trigger: Trigger) -> None:
        """What it has made itself is known."""
        arm = FakeArm()
        plan = planned(arm, trigger=trigger)
        applied(arm, plan)
        arm.asked.clear()

        found = reached(plan, arm.clients())

        assert (Reach.READY, ()) == (found and found.word, found and found.unseen)
        assert arm.asked == []

    def test_with_http_has_no_trigger_to_look_at(self) -> None:
        """Callers trigger it."""
        arm = FakeArm()

        assert reached(planned(arm, trigger=HTTP), arm.clients()) is None


class TestALaterDeployment:
    @pytest.mark.parametrize(("trigger", "requests"), [(BLOB, 5), (QUEUE, 4)])
    def test_looks_again(self, trigger: Trigger, requests: int) -> None:
        """Two accounts, two containers and the roles; or the namespace, two queues and the roles."""
        arm, plan = again(trigger)

        assert Reach.READY == getattr(reached(plan, arm.clients()), "word", None)
        assert ["GET"] * requests == [asked.method for asked in arm.asked]

    def test_asks_for_no_roles_with_keys(self) -> None:
        """The app has none."""
        arm, plan = again(QUEUE, access=Access.KEYS, registry=replace(REGISTRY, admin=True))

        assert Reach.READY == getattr(reached(plan, arm.clients()), "word", None)
        assert not any("roleAssignments" in asked.path for asked in arm.asked)

    @pytest.mark.parametrize(
        ("trigger", "part", "said"),
        [
            (BLOB, "/containers/input", "the blob container `input` no longer exists"),
            (QUEUE, "/queues/orders", "the Service Bus queue `orders` no longer exists"),
        ],
    )
    def test_finds_what_is_gone(self, trigger: Trigger, part: str, said: str) -> None:
        """And says nothing of the role that went with it."""
        arm, plan = again(trigger)
        take(arm, part)

        with pytest.raises(NotLive, match=said) as caught:
            reached(plan, arm.clients())

        assert "does not hold" not in str(caught.value)
        assert "Run again: missing resources are created." in str(caught.value)

    def test_finds_a_role_that_is_gone(self) -> None:
        """By its name, and what it was held on."""
        arm, plan = again(QUEUE)
        [role] = [key for key, value in arm.resources.items() if "roleassignments" in key and "/queues/answers" in key]
        take(arm, role)

        with pytest.raises(NotLive, match="no longer has Azure Service Bus Data Sender on answers"):
            reached(plan, arm.clients())

    def test_finds_a_queue_that_is_disabled_meanwhile(self) -> None:
        """In the words of the plan."""
        arm, plan = again(ServiceBusQueueTrigger("orders", None))
        queue = next(value for key, value in arm.resources.items() if key.endswith("/queues/orders"))
        queue["properties"]["status"] = "ReceiveDisabled"

        with pytest.raises(NotLive, match="the queue `orders` is disabled"):
            reached(plan, arm.clients())

    def test_names_what_it_may_not_read(self) -> None:
        """That is no failure."""
        arm, plan = again(QUEUE)
        arm.fail("GET", "/queues/", arm_error(403, "AuthorizationFailed", "You may not."), times=2)

        found = reached(plan, arm.clients())

        assert Reach.UNKNOWN == (found and found.word)
        assert ["the Service Bus queues ("] == [text[:24] for text in found.unseen] if found else False
        assert readiness(plan, arm.clients()).problems == ()
