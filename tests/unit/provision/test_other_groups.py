"""Resources of other groups: used where they are, never made there, and found when a name was to be ours."""

from __future__ import annotations

from typing import Any

import pytest

from functions_model.core.failures import PlanRefused
from functions_model.provision import Action
from support.fake_arm import SUBSCRIPTION, FakeArm, arm_error
from support.provisioning import applied, planned
from support.wanted import BLOB, QUEUE, wanted

SHARED = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shared/providers"
TYPES = {
    "plan-name": "Microsoft.Web/serverfarms/iris-plan",
    "storage-account": "Microsoft.Storage/storageAccounts/irisstorage",
    "identity-name": "Microsoft.ManagedIdentity/userAssignedIdentities/iris-identity",
    "data-storage-account": "Microsoft.Storage/storageAccounts/irisdata",
    "service-bus-namespace": "Microsoft.ServiceBus/namespaces/iris-bus",
}
TRIGGERS = {"data-storage-account": BLOB, "service-bus-namespace": QUEUE}


def shared(*names: str, **target: Any) -> FakeArm:
    """A subscription where what the inputs name is in the group `shared`, and nothing else anywhere."""
    arm = FakeArm()
    applied(arm, planned(arm, resource_group="shared", **target))
    ends = tuple(TYPES[name].lower() for name in names)
    arm.resources = {key: value for key, value in arm.resources.items() if key.endswith(ends)}
    arm.asked.clear()
    return arm


def elsewhere(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "shared")


class TestWhatIsInAnotherGroup:
    def test_carries_a_whole_deployment(self) -> None:
        """Plan, account and identity are used where they are; group, roles and app are made."""
        names = ("plan-name", "storage-account", "identity-name")
        arm = shared(*names)

        outcome = applied(arm, planned(arm, other_groups=elsewhere(*names)))
        site = next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))

        assert f"{SHARED}/{TYPES['plan-name']}" == site["properties"]["serverFarmId"]
        assert [f"{SHARED}/{TYPES['identity-name']}"] == list(site["identity"]["userAssignedIdentities"])
        assert site["id"].startswith(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/iris-rg/")
        assert {"resource group", "role assignment", "function app"} == {w.change.kind for w in outcome.written}
        assert not planned(arm, other_groups=elsewhere(*names)).has_changes

    @pytest.mark.parametrize("name", TRIGGERS)
    def test_holds_what_the_trigger_works_on(self, name: str) -> None:
        """Containers and queues are made in the account or namespace, and roles are given on its real id."""
        trigger = TRIGGERS[name]
        arm = shared(name, trigger=trigger)

        applied(arm, planned(arm, trigger=trigger, other_groups=elsewhere(name)))
        made = [asked.path for asked in arm.asked if asked.method == "PUT" and TYPES[name] in asked.path]

        assert made
        assert all(path.startswith(f"{SHARED}/{TYPES[name]}/") for path in made)
        assert any("roleAssignments" in path for path in made)
        assert not planned(arm, trigger=trigger, other_groups=elsewhere(name)).has_changes

    @pytest.mark.parametrize("name", TYPES)
    def test_is_refused_when_it_is_not_there(self, name: str) -> None:
        """Nothing is made in another group."""
        trigger = {"trigger": TRIGGERS[name]} if name in TRIGGERS else {}

        with pytest.raises(PlanRefused, match="in the resource group `shared` that this login can see") as caught:
            planned(FakeArm(), other_groups=elsewhere(name), **trigger)

        assert [name] == [problem.subject for problem in caught.value.problems]

    def test_needs_no_free_name(self) -> None:
        """Whether a name is free is asked for what is to be made only."""
        arm = shared("data-storage-account", "storage-account", trigger=BLOB)

        planned(arm, trigger=BLOB, other_groups=elsewhere("data-storage-account", "storage-account"))

        assert [] == [asked.path for asked in arm.asked if "storage/checkname" in asked.path.lower()]

    def test_is_kept_with_its_real_id(self) -> None:
        """The plan's links lead to where it is."""
        arm = shared("plan-name")
        change = next(c for c in planned(arm, other_groups=elsewhere("plan-name")).changes if c.kind == "plan")

        assert (Action.KEEP, f"{SHARED}/{TYPES['plan-name']}") == (change.action, change.resource_id)


class TestANameThatIsTaken:
    def taken(self, **target: Any) -> PlanRefused:
        arm = shared("storage-account", "service-bus-namespace", **target)
        arm.name_refusal = arm.namespace_refusal = "It is already taken."
        with pytest.raises(PlanRefused) as caught:
            planned(arm, **target)
        return caught.value

    def test_by_an_account_of_ours_says_what_to_write(self) -> None:
        """The value to give is in the message."""
        assert "Set `storage-account` to `shared/irisstorage` to use it" in str(self.taken())

    def test_by_a_namespace_of_ours_says_what_to_write(self) -> None:
        """As with accounts."""
        assert "Set `service-bus-namespace` to `shared/iris-bus` to use it" in str(self.taken(trigger=QUEUE))

    def test_is_told_without_the_right_to_look(self) -> None:
        """A login whose rights end at the group is told that the name is taken, and no guess."""
        arm = FakeArm()
        arm.name_refusal = "It is already taken."
        arm.fail("GET", "/resources$", arm_error(403, "AuthorizationFailed", "no"))

        with pytest.raises(PlanRefused, match=r"cannot be created: It is already taken\. Set `storage-account`"):
            planned(arm)


class TestAnAppOnAPlanOfAnotherGroup:
    def test_is_told_the_value_to_give(self) -> None:
        """The plan's group is part of it."""
        arm = shared("plan-name")
        applied(arm, planned(arm, other_groups=elsewhere("plan-name")))

        with pytest.raises(PlanRefused, match="Set `plan-name` to `shared/iris-plan`"):
            planned(arm)


class TestRoles:
    def test_are_held_on_the_real_ids(self) -> None:
        """The scopes follow the inputs."""
        names = ("storage-account", "data-storage-account")
        scopes = {role.scope for role in wanted(trigger=BLOB, other_groups=elsewhere(*names)).roles}

        assert {f"{SHARED}/{TYPES[name]}" for name in names} < scopes
