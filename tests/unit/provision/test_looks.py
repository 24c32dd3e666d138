"""In which order is looked at what is there."""

from __future__ import annotations

import pytest

from functions_model.hosting.app_service.host import APP_SERVICE
from functions_model.hosting.app_service.plan_sizes import ObservedPlan
from functions_model.provision.host import Look
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.observed import ObservedGroup
from functions_model.provision.observing import looks_of, rounds


def look(what: str, gives: type, *needs: type) -> Look:
    """One that reads nothing."""
    return Look(what, (gives,), lambda clients, wanted, seen: None, needs)


def test_follow_from_what_each_needs() -> None:
    """What nothing stands in the way of is done at once, whatever place it has in the list."""
    plan, group = look("plan", ObservedPlan, ObservedGroup), look("group", ObservedGroup)
    identity = look("identity", ObservedIdentity, ObservedGroup)

    assert [[group], [plan, identity]] == list(rounds([plan, group, identity]))


def test_are_three() -> None:
    """Each round costs a deployment the time of an answer: one more needs a reason."""
    looks = looks_of(APP_SERVICE)
    found = list(rounds(looks))

    assert [1, 8, 6] == [len(one) for one in found]
    assert set(looks) == {one for together in found for one in together}


def test_that_are_never_possible_are_told() -> None:
    """A mistake of ours does not end in a deployment that waits for ever."""
    with pytest.raises(LookupError, match="plan"):
        list(rounds([look("plan", ObservedPlan, ObservedGroup)]))
