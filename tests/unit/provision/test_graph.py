"""Changes that are made as soon as what they depend on is there, or known."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

import pytest

from functions_model.provision.applying.graph import Graph
from functions_model.provision.applying.incomplete import NotReached
from functions_model.provision.changes import Action, Change, known_of

if TYPE_CHECKING:
    from collections.abc import Callable

SLOW = Change("namespace", "slow", Action.CREATE)
QUICK = Change("app", "quick", Action.CREATE, depends_on=(known_of(SLOW.key),))
LAST = Change("queue", "last", Action.CREATE, depends_on=(SLOW.key,))


def test_who_waits_for_no_more_than_to_know_goes_first() -> None:
    """The slow one says what it will be, and is done after the quick one."""
    done, quick_is_done = [], Event()

    def make(change: Change, known: Callable[[], None]) -> None:
        if change is SLOW:
            known()
            assert quick_is_done.wait(10)
        done.append(change.name)
        if change is QUICK:
            quick_is_done.set()

    outcomes = Graph([SLOW, QUICK, LAST], make, {}).outcomes()

    assert {SLOW: None, QUICK: None, LAST: None} == outcomes
    assert ["quick", "slow", "last"] == done


def test_who_says_nothing_early_is_known_at_its_end() -> None:
    """A service whose first answer does not tell is waited for."""
    done = []
    Graph([SLOW, QUICK], lambda change, _: done.append(change.name), {}).outcomes()

    assert ["slow", "quick"] == done


@pytest.mark.parametrize("early", [True, False])
def test_what_fails_keeps_back_those_who_do_not_know_yet(*, early: bool) -> None:
    """Who knew already goes on; who waits for the end is never reached."""

    def make(change: Change, known: Callable[[], None]) -> None:
        if change is SLOW:
            if early:
                known()
            raise OSError

    outcomes = Graph([SLOW, QUICK, LAST], make, {}).outcomes()

    assert isinstance(outcomes[SLOW], OSError)
    assert isinstance(outcomes[LAST], NotReached)
    assert (outcomes[QUICK] is None) is early
