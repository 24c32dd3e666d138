"""Sizes of plans: which carry containers, how many instances they take, and which change Azure makes in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from functions_model.core.failures import Problem
from functions_model.provision.changes import FieldChange
from functions_model.provision.host import Wanted
from functions_model.provision.observed import Piece

ELASTIC = "ElasticPremium"
SIZE, MINIMUM, MAXIMUM = "size", "minimum instances", "maximum instances"

_TIERS = (
    (r"EP\d", ELASTIC),
    (r"B\d", "Basic"),
    (r"S\d", "Standard"),
    (r"P\d", "Premium"),
    (r"P\dV2", "PremiumV2"),
    (r"P0V3", "Premium0V3"),
    (r"P\dV3", "PremiumV3"),
    (r"P\dMV3", "PremiumMV3"),
    (r"P\dV4", "PremiumV4"),
    (r"P\dMV4", "PremiumMV4"),
    (r"I\dV2", "IsolatedV2"),
    (r"I\dMV2", "IsolatedMV2"),
)
"""Sizes whose plans run containers, and the tier that each is of. It is read, and asked for where regions are listed by
tier; a plan is written by its size alone. Azure/azure-cli 2.91.0, command_modules/appservice/utils.py:84."""

_FIRST_GIB = {
    ELASTIC: 3.5,
    "Basic": 1.75,
    "Standard": 1.75,
    "Premium": 1.75,
    "PremiumV2": 3.5,
    "Premium0V3": 8.0,
    "PremiumV3": 8.0,
    "PremiumMV3": 16.0,
    "PremiumV4": 8.0,
    "PremiumMV4": 16.0,
    "IsolatedV2": 8.0,
    "IsolatedMV2": 16.0,
}
"""The memory of an instance of the size 1 of each tier."""

_MOST = {ELASTIC: 100, "Basic": 3, "Standard": 10}
_MOST_OF_OTHERS = 30
"""Instances: https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits."""


@dataclass(frozen=True, slots=True)
class ObservedPlanRoom(Piece):
    """Whether Azure would make the plan.

    Attributes:
        refusal: Why it would not; None when it would, or when that is not known.
        unknown: Why that is not known, a clause; empty when it is.
    """

    refusal: Problem | None = None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class ObservedPlan(Piece):
    """A live plan.

    Attributes:
        capacity: Its instances; with Elastic Premium, those that are always there.
        maximum: The most instances that Elastic Premium adds up to; 1 with other tiers, where it means nothing.
    """

    id: str
    location: str
    sku: str
    tier: str
    is_linux: bool
    capacity: int = 1
    maximum: int = 1


def tier_of(sku: str) -> str | None:
    """The tier of a size; None when plans of that size run no containers."""
    return next((tier for pattern, tier in _TIERS if re.fullmatch(pattern, sku, re.IGNORECASE)), None)


def memory_of(sku: str) -> float | None:
    """The memory of an instance of that size, in GiB; None when plans of that size run no containers.

    Each size has twice as much as the one before it. https://azure.microsoft.com/pricing/details/app-service/linux, and
    https://learn.microsoft.com/azure/azure-functions/functions-premium-plan#available-instance-skus.
    """
    tier, number = tier_of(sku), re.search(r"\d", sku)
    return _FIRST_GIB[tier] * 2 ** (int(number[0]) - 1) if tier and number else None


def asks_for_size(wanted: Wanted) -> bool:
    """Whether the user has said anything of the size. Else a plan that is there stays as it is."""
    return bool(wanted.target.hosting.sku_given or wanted.target.hosting.minimum or wanted.target.hosting.maximum)


def size_to_be(wanted: Wanted, live: ObservedPlan | None) -> str:
    """The size that the plan will have: the one that was asked for, else the one it has."""
    return wanted.target.hosting.sku if live is None or wanted.target.hosting.sku_given else live.sku


def instances_to_be(wanted: Wanted, live: ObservedPlan | None) -> tuple[int, int]:
    """The least and, with Elastic Premium, the most instances that the plan will have."""
    least = wanted.target.hosting.minimum or (live.capacity if live else 1)
    known = live.maximum if live else least
    return least, wanted.target.hosting.maximum or known


def size_changes(wanted: Wanted, live: ObservedPlan) -> tuple[FieldChange, ...]:
    """What of a live plan's size differs from what was asked for. What was not asked for stays."""
    asked = (
        (SIZE, live.sku, wanted.target.hosting.sku if wanted.target.hosting.sku_given else None),
        (MINIMUM, str(live.capacity), _text(wanted.target.hosting.minimum)),
        (MAXIMUM, str(live.maximum), _text(wanted.target.hosting.maximum)),
    )
    return tuple(
        FieldChange(name, before, after) for name, before, after in asked if after and after.lower() != before.lower()
    )


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def size_problems(wanted: Wanted, live: ObservedPlan | None) -> tuple[Problem, ...]:
    """What cannot be: a size without containers, a change that Azure does not make in place, numbers out of range."""
    if tier_of(size_to_be(wanted, live)) is None:
        return (_no_containers(wanted),) if live is None else ()
    if live is not None and _family(live.tier) != _family(tier_of(size_to_be(wanted, live)) or ""):
        return (_other_family(wanted, live),)
    return tuple(_instance_problems(wanted, live))


def _no_containers(wanted: Wanted) -> Problem:
    what = f"a plan of the size `{wanted.target.hosting.sku}` runs no custom containers"
    return Problem(what, "Set `plan-sku` to EP1, EP2, EP3, a Premium size such as P1v3, or B1.", "plan-sku")


def _family(tier: str) -> str:
    """Within a family Azure changes a plan's tier in place."""
    return next((name for name in ("elastic", "isolated") if tier.lower().startswith(name)), "dedicated")


def _other_family(wanted: Wanted, live: ObservedPlan) -> Problem:
    what = (
        f"the plan `{wanted.resources.plan}` is of the size {live.sku} ({live.tier}), and Azure cannot make it a "
        f"{wanted.target.hosting.sku} in place"
    )
    remedy = (
        f"Remove `plan-sku` to keep it at {live.sku}, or set `plan-name` and `app-name` to new names: an app cannot "
        "move between such plans either."
    )
    return Problem(what, remedy, "plan-sku")


def _instance_problems(wanted: Wanted, live: ObservedPlan | None) -> Iterator[Problem]:
    size = size_to_be(wanted, live)
    tier = tier_of(size) or ""
    least, most = instances_to_be(wanted, live)
    limit = _MOST.get(tier, _MOST_OF_OTHERS)
    if wanted.target.hosting.maximum and tier != ELASTIC:
        what = f"a plan of the size {size} does not scale out by itself, so it has no maximum"
        yield Problem(what, "Remove it; `plan-min-instances` is how many instances it has.", "plan-max-instances")
    elif tier == ELASTIC and least > most and (wanted.target.hosting.minimum or wanted.target.hosting.maximum):
        what = f"the plan `{wanted.resources.plan}` would have at least {least} and at most {most} instances"
        remedy = f"Set `plan-max-instances` to {least} or more, or `plan-min-instances` to {most} or less."
        yield Problem(what, remedy, "plan-min-instances" if wanted.target.hosting.minimum else "plan-max-instances")
    for given, subject in (
        (wanted.target.hosting.minimum, "plan-min-instances"),
        (wanted.target.hosting.maximum, "plan-max-instances"),
    ):
        if given and given > limit:
            yield Problem(
                f"a plan of the size {size} has at most {limit} instances", f"Set it to {limit} or less.", subject
            )
