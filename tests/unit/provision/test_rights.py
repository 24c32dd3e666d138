"""Rights that are missing are found before anything is written, with the way out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import PlanRefused
from functions_model.core.spec import Access
from functions_model.provision import missing_rights
from functions_model.provision.access.rights import Rights, write_action
from support.fake_arm import SUBSCRIPTION, FakeArm, arm_error
from support.golden import matches_golden
from support.provisioning import applied, planned
from support.wanted import BLOB, QUEUE, REGISTRY

if TYPE_CHECKING:
    from functions_model.core.failures import Problem

GOLDEN = Path(__file__).parent / "golden" / "rights"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/iris-rg"
OWNER = {"actions": ["*"], "notActions": []}
CONTRIBUTOR = {
    "actions": ["*"],
    "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"],
}
READER = {"actions": ["*/read"], "notActions": []}
ROLES_ADMINISTRATOR = {"actions": ["*/read", "Microsoft.Authorization/roleAssignments/write"], "notActions": []}
WEB_ONLY = {"actions": ["*/read", "microsoft.web/*"], "notActions": []}


def with_group() -> FakeArm:
    arm = FakeArm()
    arm.resources[f"/subscriptions/{SUBSCRIPTION}/resourcegroups/iris-rg"] = {"location": "westeurope"}
    return arm


def missing(arm: FakeArm, **changes: Any) -> tuple[Problem, ...]:
    resource_plan = planned(arm, **changes)
    arm.asked.clear()
    return missing_rights(resource_plan, arm.clients())


def told(problems: tuple[Problem, ...]) -> str:
    return str(PlanRefused("plan the function app `iris`", problems))


class TestALoginThatMayNotAssignRoles:
    def test_is_told_both_ways_out(self) -> None:
        """A Contributor hears which roles are needed where, the commands for an owner, and of `access: keys`."""
        arm = with_group()
        arm.permissions = {f"/subscriptions/{SUBSCRIPTION}": [CONTRIBUTOR]}

        assert matches_golden(GOLDEN / "contributor.txt", told(missing(arm)))

    def test_on_the_registry_alone_is_told_of_the_registry(self) -> None:
        """An owner of the group who only reads the registry asks for the one command."""
        arm = with_group()
        arm.permissions = {GROUP: [OWNER], REGISTRY.id: [READER]}

        assert matches_golden(GOLDEN / "registry.txt", told(missing(arm)))

    def test_needs_no_such_right_with_keys(self) -> None:
        """With `access: keys` nothing is missing."""
        arm = with_group()
        arm.permissions = {f"/subscriptions/{SUBSCRIPTION}": [CONTRIBUTOR]}

        assert () == missing(arm, access=Access.KEYS, registry=replace(REGISTRY, admin=True))

    def test_but_the_registrys_password_with_keys(self) -> None:
        """A login that only reads there could not give the app the password; again there are two ways out."""
        arm = with_group()
        arm.permissions = {GROUP: [OWNER], REGISTRY.id: [READER]}

        found = missing(arm, access=Access.KEYS, registry=replace(REGISTRY, admin=True))

        assert 2 == len(arm.asked)
        assert matches_golden(GOLDEN / "password.txt", told(found))

    def test_may_hold_it_by_another_role(self) -> None:
        """What one role takes away, another one gives."""
        arm = with_group()
        arm.permissions = {f"/subscriptions/{SUBSCRIPTION}": [CONTRIBUTOR, ROLES_ADMINISTRATOR]}

        assert () == missing(arm)


class TestALoginThatMayNotWrite:
    def test_is_told_what_and_how_to_be_allowed(self) -> None:
        """Who may only touch Microsoft.Web hears of the account and the identity, and of the role to ask for."""
        arm = with_group()
        arm.permissions = {GROUP: [WEB_ONLY, ROLES_ADMINISTRATOR], REGISTRY.id: [OWNER]}

        assert matches_golden(GOLDEN / "web-only.txt", told(missing(arm)))

    def test_into_a_group_that_is_not_there_asks_an_owner_to_make_it(self) -> None:
        """The group itself takes rights in the subscription; every problem is told at once."""
        arm = FakeArm()
        arm.permissions = {f"/subscriptions/{SUBSCRIPTION}": [READER]}

        assert matches_golden(GOLDEN / "no-group.txt", told(missing(arm)))


class TestAsking:
    @pytest.mark.parametrize("trigger", [BLOB, QUEUE], ids=["blob", "queue"])
    def test_takes_two_requests_at_most(self, trigger: Any) -> None:
        """One for the group and one for the registry in another one, whatever the trigger."""
        arm = with_group()

        missing(arm, trigger=trigger)

        assert {f"{GROUP}/providers/Microsoft.Authorization/permissions".lower()} < {a.path.lower() for a in arm.asked}
        assert 2 == len(arm.asked)

    def test_for_a_group_to_come_is_about_its_subscription(self) -> None:
        """The rights of a group that is not there yet are those of the subscription."""
        arm = FakeArm()

        missing(arm)

        assert f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/permissions" in {
            asked.path for asked in arm.asked
        }

    def test_is_left_out_where_nothing_new_is_made(self) -> None:
        """A redeployment costs no request more."""
        arm = FakeArm()
        applied(arm, planned(arm))

        missing(arm, digit="b")

        assert [] == arm.asked

    @pytest.mark.parametrize("status", [403, 404])
    def test_that_is_refused_stops_nobody(self, status: int) -> None:
        """Rights that are not told cannot be judged: the write will tell."""
        arm = with_group()
        resource_plan = planned(arm)
        arm.fail("GET", "permissions$", arm_error(status, "AuthorizationFailed", "no"), 2)

        assert () == missing_rights(resource_plan, arm.clients())


class TestRights:
    def test_are_patterns_without_regard_to_case(self) -> None:
        """`*` stands for any part, and `notActions` count within their own role alone."""
        rights = Rights(((("Microsoft.Web/*",), ("microsoft.web/sites/delete",)), (("*/read",), ())))

        actions = ("microsoft.web/SITES/write", "Microsoft.Web/sites/delete", "Microsoft.Storage/storageAccounts/read")

        assert [True, False, True] == [rights.allows(action) for action in actions]

    @pytest.mark.parametrize(
        ("resource_id", "action"),
        [
            (GROUP, "Microsoft.Resources/subscriptions/resourceGroups/write"),
            (f"{GROUP}/providers/Microsoft.Web/sites/iris", "Microsoft.Web/sites/write"),
            (
                f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a/blobServices/default/containers/c",
                "Microsoft.Storage/storageAccounts/blobServices/containers/write",
            ),
            (f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Web", None),
            ("", None),
        ],
    )
    def test_are_known_from_what_is_written(self, resource_id: str, action: str | None) -> None:
        """The permission that a write takes follows from the resource's id."""
        assert action == write_action(resource_id)
