"""What passes by itself is waited out: by what the service asks, told once, within a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import ApplyIncomplete
from support.fake_arm import Answer, FakeArm, arm_error
from support.provisioning import applied, planned
from support.wanted import BLOB, QUEUE

if TYPE_CHECKING:
    from functions_model.provision import Applied

BUSY_PLAN = Answer(
    409,
    {
        "Code": "Conflict",
        "Message": "Cannot modify this web hosting plan because another operation is in progress. Details: Id: 1",
        "Details": [{"Message": "Cannot modify this web hosting plan because another operation is in progress."}],
    },
)
BUSY_SITE = Answer(
    409, {"Code": "Conflict", "Message": "Cannot modify this site because another operation is in progress."}
)
BUSY_ACCOUNT = arm_error(409, "StorageAccountOperationInProgress", "An operation is currently performing on it.")
BUSY = arm_error(409, "AnotherOperationInProgress", "Another operation on this resource is in progress.")
BUSY_QUEUE = arm_error(409, "Conflict", "SubCode=40901. Another conflicting operation is in progress.")
UNKNOWN = arm_error(400, "PrincipalNotFound", "Principal x does not exist in the directory y.")
DELETED = arm_error(409, "ContainerBeingDeleted", "The specified container is being deleted. Try operation later.")
UNREGISTERED = arm_error(
    409,
    "MissingSubscriptionRegistration",
    "The subscription is not registered to use namespace 'Microsoft.Web'. See https://aka.ms/rps-not-found.",
)


class Log:
    """What was told, and how long was waited."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.slept: list[float] = []

    @property
    def waits(self) -> list[str]:
        return [line for line in self.lines if line.startswith("Waiting for")]

    def options(self) -> dict[str, Any]:
        return {"report": self.lines.append, "sleep": self.slept.append}


def run(arm: FakeArm, log: Log, *faults: tuple[str, str, Answer, int], **changes: Any) -> Applied:
    resource_plan = planned(arm, **changes)
    for fault in faults:
        arm.fail(*fault)
    return applied(arm, resource_plan, **log.options())


class TestConflicts:
    @pytest.mark.parametrize(
        ("pattern", "answer", "changes"),
        [
            ("serverfarms", BUSY_PLAN, {}),
            ("/sites/iris$", BUSY_SITE, {}),
            ("/irisstorage$", BUSY_ACCOUNT, {}),
            ("/resourceGroups/iris-rg$", BUSY, {}),
            ("userAssignedIdentities", BUSY, {}),
            ("roleAssignments", UNKNOWN, {}),
            ("/containers/input$", DELETED, {"trigger": BLOB}),
            ("/namespaces/iris-bus$", BUSY_QUEUE, {"trigger": QUEUE}),
            ("/queues/orders$", BUSY_QUEUE, {"trigger": QUEUE}),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_are_waited_out_on_any_write(self, pattern: str, answer: Answer, changes: dict[str, Any]) -> None:
        """Whatever is written, a conflict that passes by itself is waited out, and told."""
        arm, log = FakeArm(), Log()

        outcome = run(arm, log, ("PUT", pattern, answer, 1), **changes)

        assert outcome.changed
        assert [2.0] == log.slept
        assert 1 == len(log.waits)
        assert not planned(arm, **changes).has_changes

    def test_are_told_once(self) -> None:
        """The pauses double; the reason is told with the first."""
        log = Log()

        run(FakeArm(), log, ("PUT", "serverfarms", BUSY_PLAN, 6))

        assert [2.0, 4.0, 8.0, 16.0, 30.0, 30.0] == log.slept
        assert 1 == len(log.waits)
        assert log.waits[0].startswith("Waiting for the plan `iris-plan`: Cannot modify this web hosting plan")

    def test_are_waited_for_as_the_service_asks(self) -> None:
        """Retry-After is the pause."""
        log = Log()

        run(FakeArm(), log, ("PUT", "/sites/iris$", Answer(409, BUSY_SITE.body, {"Retry-After": "7"}), 2))

        assert [7.0, 7.0] == log.slept

    def test_are_not_asked_about_without_end(self) -> None:
        """A service that asks for no wait at all is given the usual one."""
        log = Log()

        run(FakeArm(), log, ("PUT", "/sites/iris$", Answer(409, BUSY_SITE.body, {"Retry-After": "0"}), 2))

        assert [2.0, 4.0] == log.slept

    def test_that_stay_are_told(self) -> None:
        """After five minutes it is a failure that says so, and lists what was not reached."""
        arm, log = FakeArm(), Log()

        with pytest.raises(ApplyIncomplete) as caught:
            run(arm, log, ("PUT", "serverfarms", BUSY_PLAN, 99))

        assert 270 < sum(log.slept) <= 300
        assert f"(still so after {sum(log.slept):.0f} s). Another deployment or person is working on it" in str(
            caught.value
        )
        assert "not reached: the function app `iris`" in caught.value.detail

    def test_at_an_app_do_not_repeat_the_first_write(self) -> None:
        """Its tags are written once, even when the write of its version meets a conflict."""
        arm, log = FakeArm(), Log()
        applied(arm, planned(arm))
        site = next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))
        site["tags"] |= {"unfinished": "run again"}
        arm.asked.clear()

        run(arm, log, ("PATCH", "/config/web$", BUSY_SITE, 2), digit="b")

        assert (1, 3) == (arm.writes.count("PATCH iris"), arm.writes.count("PATCH web"))
        assert [2.0, 4.0] == log.slept

    def test_of_other_kinds_are_not_waited_out(self) -> None:
        """A lock does not go away by itself."""
        log = Log()
        locked = arm_error(409, "ScopeLocked", "The scope 's' cannot perform write operation: locked: '/x'.")

        with pytest.raises(ApplyIncomplete, match="Ask an owner to remove the lock on /x"):
            run(FakeArm(), log, ("PUT", "serverfarms", locked, 1))

        assert [] == log.slept


class TestProviders:
    def test_that_are_missing_in_mid_run_are_registered(self) -> None:
        """A registration that the plan did not see is made when a write asks for it."""
        arm, log = FakeArm(), Log()
        arm.unregistered = set()

        outcome = run(arm, log, ("PUT", "serverfarms", UNREGISTERED, 1))

        assert outcome.changed
        assert 1 == arm.writes.count("POST register")
        assert any(line.startswith("Registering Microsoft.Web: MissingSubscriptionRegistration") for line in log.lines)

    def test_are_registered_once(self) -> None:
        """When the write is refused for the same reason afterwards, that is the failure."""
        arm = FakeArm()

        with pytest.raises(ApplyIncomplete, match=r"az provider register --namespace Microsoft\.Web"):
            run(arm, Log(), ("PUT", "serverfarms", UNREGISTERED, 2))

        assert 1 == arm.writes.count("POST register")

    def test_that_the_login_may_not_register_are_left_to_an_owner(self) -> None:
        """Without the right to register, the command for an owner is told."""
        arm = FakeArm()
        no = arm_error(403, "AuthorizationFailed", "no")

        with pytest.raises(ApplyIncomplete, match=r"az provider register --namespace Microsoft\.Web"):
            run(arm, Log(), ("PUT", "serverfarms", UNREGISTERED, 1), ("POST", "/register$", no, 1))

    def test_that_stay_unregistered_are_told(self) -> None:
        """A registration that does not end within five minutes is a failure, not a hang."""
        arm, log = FakeArm(), Log()
        arm.unregistered = {"microsoft.web"}
        resource_plan = planned(arm)
        registering = Answer(200, {"namespace": "Microsoft.Web", "registrationState": "Registering"})
        arm.fail("GET", "providers/Microsoft.Web$", registering, 999)

        with pytest.raises(ApplyIncomplete, match=r"did not end within 300 s\. It may still end: run again"):
            applied(arm, resource_plan, **log.options())

        assert {2.0} == set(log.slept)
        assert ["Waiting for the registration of Microsoft.Web."] == log.waits


class TestAnAccountWhoseCreateLostItsAnswer:
    def test_is_waited_for_until_it_is_whole(self) -> None:
        """An account in our own group that is still being made is adopted when it has its endpoints."""
        arm, log = FakeArm(), Log()
        resource_plan = planned(arm)
        applied(arm, resource_plan)
        account = next(key for key in arm.resources if key.endswith("/irisstorage"))
        whole = arm.resources[account]
        arm.resources = {account: whole}
        creating = {**whole, "properties": {"provisioningState": "ResolvingDNS"}}
        arm.fail("PUT", "/irisstorage$", arm_error(409, "StorageAccountAlreadyTaken", "It is taken."))
        arm.fail("GET", "/irisstorage$", Answer(200, creating), 3)

        applied(arm, resource_plan, **log.options())

        assert "https://irisstorage.blob.test/" == arm.settings["AzureWebJobsStorage__blobServiceUri"]
        assert ["Waiting for the storage account `irisstorage`."] == log.waits
