"""Deployments into subscriptions that are governed: policies, locks and states, on the sandbox.

Each row is a whole plan, and what is written of it: refused in words with a way out, and done once that way is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.arm.resource_locks import Level
from functions_model.core.failures import ApplyIncomplete, PlanRefused
from functions_model.core.spec import Access
from support.adversity import Row, each
from support.governing import (
    adds_tag,
    allowed_locations,
    double_encryption,
    groups_need_tag,
    needs_tag,
    no_shared_keys,
    one_of,
)
from support.sandbox_login import Azure, logged_in
from support.wanted import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.arm.policies import Policy
    from functions_model.provision import ResourcePlan


@dataclass(frozen=True)
class Governed:
    """What governs a subscription, and the deployment that meets it.

    Attributes:
        policies: They are assigned first.
        given: The target before the words are heeded.
        words: What the refusal has.
        heeded: What the words say to set; None where no input helps.
    """

    policies: tuple[Policy, ...]
    given: dict[str, Any]
    words: tuple[str, ...]
    heeded: dict[str, Any] | None = None
    never: tuple[str, ...] = ("role assignment create",)


@dataclass(frozen=True)
class Held:
    """A lock, or a state of the subscription, over a live deployment that gets another image.

    Attributes:
        level: Of the lock on the group; None disables the subscription.
        words: What the refusal has; none where nothing is refused.
    """

    level: Level | None
    words: tuple[str, ...] = field(default=())


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with logged_in(tmp_path_factory.mktemp("governed")) as one:
        yield replace(one, registry=replace(one.registry, admin=True))


@pytest.fixture(autouse=True)
def _ungoverned(azure: Azure) -> Iterator[None]:
    yield
    azure.sandbox.arm.policies.clear()
    azure.sandbox.arm.locks.clear()
    azure.sandbox.arm.subscriptions.disable(azure.sandbox.subscription_id, disabled=False)


def names(row: Row[Any], rows: list[Row[Any]]) -> dict[str, Any]:
    """Names that no other row has."""
    return named(f"{'governed' if rows is ROWS else 'held'}{rows.index(row)}")


def named(own: str) -> dict[str, Any]:
    """A deployment whose names begin so."""
    return {
        "resource_group": f"{own}-rg",
        "app_name": own,
        "plan_name": f"{own}-plan",
        "identity_name": f"{own}-identity",
        "storage_account": f"{own}host",
    }


ROWS: list[Row[Governed]] = [
    Row(
        "resources need a tag, and the subscription has one policy for it",
        "the line to add; with it, everything is made",
        Governed(
            (needs_tag("cost-center"),),
            {},
            ("`need-cost-center`", "Add to `tags` the line `cost-center=VALUE`."),
            {"tags": {"cost-center": "4711"}},
        ),
    ),
    Row(
        "groups need a tag, and the group is new",
        "the line to add; with it, everything is made",
        Governed(
            (groups_need_tag("owner"),),
            {},
            ("`groups-need-owner`", "the line `owner=VALUE`"),
            {"tags": {"owner": "ml"}},
        ),
    ),
    Row(
        "resources need three tags, by three policies, one with certain values",
        "all three in one run",
        Governed(
            (needs_tag("cost-center"), needs_tag("owner"), one_of("env", "dev", "prod")),
            {"tags": {"env": "qa"}},
            ("the lines `cost-center=VALUE` and `owner=VALUE` and `env=VALUE`", "must be `dev` or `prod`"),
            {"tags": {"cost-center": "1", "owner": "ml", "env": "dev"}},
        ),
    ),
    Row(
        "one other region is allowed, and the deployment is meant for westeurope",
        "region, those that are allowed, and the input",
        Governed(
            (allowed_locations("northeurope"),),
            {},
            ("`location` is `westeurope` and must be `northeurope`", "Set `location`"),
            {"location": "northeurope", "resource_group": "governed-north-rg"},
        ),
    ),
    Row(
        "accounts with keys are denied, and the deployment uses keys",
        "`access: identity`, which complies",
        Governed(
            (no_shared_keys(),),
            {"access": Access.KEYS},
            ("`properties.allowSharedKeyAccess` is `true`", "Set `access` to `identity`"),
            {},
        ),
    ),
    Row(
        "accounts need what no input sets, and the deployment makes one",
        "to make the account oneself; no role is asked for",
        Governed((double_encryption(),), {}, ("must be `true`", "name it with `storage-account`")),
    ),
    Row(
        "the policy has words of its owner, and looks at Service Bus alone",
        "these words, and the way out",
        Governed(
            (needs_tag("owner", types=frozenset({"Microsoft.ServiceBus/namespaces"}), reason="Ask cloud@contoso"),),
            {"trigger": QUEUE, "service_bus_namespace": "governed-bus"},
            ("Ask cloud@contoso", "the line `owner=VALUE`"),
            {"trigger": QUEUE, "service_bus_namespace": "governed-bus", "tags": {"owner": "ml"}},
        ),
    ),
]


@each(ROWS)
def test_governed_deployments(row: Row[Governed], azure: Azure) -> None:
    """Refused with all that is missing; done with what the words say; done again, nothing changes."""
    own = names(row, ROWS)
    azure.sandbox.arm.policies.assign(*row.case.policies)

    with pytest.raises(ApplyIncomplete) as refused:
        azure.apply(azure.plan(**{**own, **row.case.given}))
    told = f"{refused.value}\n{refused.value.detail}"
    assert [word for word in row.case.words if word not in told] == [], told
    assert [word for word in row.case.never if word in told] == [], told

    if row.case.heeded is not None:
        heeded = {**own, **row.case.heeded}
        azure.apply(azure.plan(**heeded))
        assert not azure.plan(**heeded).has_changes


HELD: list[Row[Held]] = [
    Row(
        "a lock makes the group of a live app read-only",
        "the lock's scope is told when the settings are read, and how a lock is found",
        Held(Level.READ_ONLY, ("locked: '", "az lock list")),
    ),
    Row("a lock keeps the group of a live app from being deleted", "a deployment goes on", Held(Level.CAN_NOT_DELETE)),
    Row(
        "the subscription of a live app is disabled",
        "it is told as that, with who can enable it",
        Held(None, ("is disabled", "enable it again")),
    ),
]


@each(HELD)
def test_held_deployments(row: Row[Held], azure: Azure) -> None:
    """The next image of a live app."""
    own = names(row, HELD)
    azure.apply(azure.plan(**own))
    if row.case.level is None:
        azure.sandbox.arm.subscriptions.disable(azure.sandbox.subscription_id)
    else:
        azure.sandbox.arm.locks.put(
            f"/subscriptions/{azure.sandbox.subscription_id}/resourceGroups/{own['resource_group']}", row.case.level
        )

    def again() -> ResourcePlan:
        plan = azure.plan(digit="b", **own)
        azure.apply(plan)
        return plan

    if not row.case.words:
        assert again().has_changes
        return
    with pytest.raises((PlanRefused, ApplyIncomplete)) as refused:
        again()
    assert [word for word in row.case.words if word not in str(refused.value)] == [], refused.value


def test_a_tag_that_a_policy_adds_stays(azure: Azure) -> None:
    """A policy that modifies is no difference, and the user's own tags come beside its."""
    own = named("modified")
    azure.sandbox.arm.policies.assign(adds_tag("inherited", "yes"))
    azure.apply(azure.plan(**own))
    assert not azure.plan(**own).has_changes

    azure.apply(azure.plan(**own, tags={"env": "prod"}))

    tags = {str(one.id).rpartition("/")[2]: one.tags for one in azure.sandbox.arm.store.list(group="modified-rg")}
    assert {name: (one.get("inherited"), one.get("env")) for name, one in tags.items() if one} == dict.fromkeys(
        ("modified-plan", "modifiedhost", "modified-identity", "modified"), ("yes", "prod")
    )
    assert not azure.plan(**own, tags={"env": "prod"}).has_changes


def test_a_plan_of_before_gets_its_tags_before_its_size(azure: Azure) -> None:
    """A policy judges each write of what does not comply, also one that is about something else."""
    own = named("resized")
    azure.apply(azure.plan(**own))
    azure.sandbox.arm.policies.assign(needs_tag("owner"))
    larger = {**own, "plan_sku": "EP2", "plan_sku_given": True}

    with pytest.raises(ApplyIncomplete, match="the line `owner=VALUE`"):
        azure.apply(azure.plan(**larger))
    azure.apply(azure.plan(**larger, tags={"owner": "ml"}))

    assert not azure.plan(**larger, tags={"owner": "ml"}).has_changes


def test_a_slot_has_the_tags_of_its_deployment(azure: Azure) -> None:
    """One that is made, and one that is there; a policy judges slots as it does apps."""
    own = named("slotted")
    azure.apply(azure.plan(**own, tags={"owner": "ml"}))
    azure.sandbox.arm.policies.assign(needs_tag("owner"))
    slot = {**own, "slot_name": "staging", "digit": "b"}

    azure.apply(azure.plan(**slot, tags={"owner": "ml"}))
    assert not azure.plan(**slot, tags={"owner": "ml"}).has_changes
    azure.apply(azure.plan(**slot, tags={"owner": "ops"}))

    found = azure.sandbox.arm.store.list(group="slotted-rg", resource_type="Microsoft.Web/sites/slots")
    assert [one.tags["owner"] for one in found] == ["ops"]
    assert not azure.plan(**slot, tags={"owner": "ops"}).has_changes
