"""Answers of Azure's services as nobody wrote them: each ends in what was asked for, or in a failure.

In each case one of a run's requests is answered otherwise: with the true answer and some things changed, with anything
that JSON can hold, with pages, nothing, or bytes.
"""

from __future__ import annotations

import copy
import threading
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions_model.provision import RunContext, apply, observe, plan
from functions_model.provision.access.rights import missing_rights
from support.fake_arm import Answer, Asked, FakeArm, LastAsked
from support.fuzzing import Oddity, a_failure_at_most, fuzzed, oddities
from support.provisioning import live, pushed
from support.wanted import BLOB, HTTP, QUEUE, wanted


class OddArm(FakeArm):
    """A Resource Manager that answers one request, or a few, otherwise.

    Args:
        arm: What is there.
        odd: The answers.
        at: The number of the first request that is answered so.
    """

    def __init__(self, arm: FakeArm, odd: list[Oddity], at: int) -> None:
        super().__init__()
        self.resources = copy.deepcopy(arm.resources)
        self.settings, self.sticky = dict(arm.settings), list(arm.sticky)
        self._odd, self.before, self._counting = list(odd), at, threading.Lock()

    def answer(self, asked: Asked) -> Answer:
        """The true answer, or another one."""
        true = super().answer(asked)
        with self._counting:
            self.before -= 1
            if self.before >= 0 or not self._odd:
                return true
            drawn = self._odd.pop().of(true.body)
            return Answer(drawn.status, drawn.body, drawn.headers)


_EMPTY, _LIVE = FakeArm(), live()
_ASKED = LastAsked()
_TRIGGERS = st.sampled_from([HTTP, BLOB, QUEUE])
_ODD = st.lists(oddities("Azure-AsyncOperation"), min_size=1, max_size=3)


@fuzzed(150)
@given(odd=_ODD, is_live=st.booleans(), trigger=_TRIGGERS, at=st.integers(0, 12))
def test_looking(odd: list[Oddity], at: int, trigger: Any, *, is_live: bool) -> None:
    """What is there is read, compared, and the login's rights are asked for; or a failure says why not."""
    want = wanted(trigger=trigger)
    _ASKED.answer = OddArm(_LIVE if is_live else _EMPTY, odd, at).answer
    with a_failure_at_most():
        missing_rights(plan(want, observe(_ASKED.clients, want)), _ASKED.clients)


@fuzzed(100)
@given(odd=_ODD, is_live=st.booleans(), trigger=_TRIGGERS, at=st.integers(0, 25))
def test_making(odd: list[Oddity], at: int, trigger: Any, *, is_live: bool) -> None:
    """What is wanted is written; or a failure says what could not be."""
    want = wanted("b", trigger=trigger)
    arm = OddArm(_LIVE if is_live else _EMPTY, odd, 10_000)
    _ASKED.answer = arm.answer
    resource_plan = plan(want, observe(_ASKED.clients, want))
    arm.before = at
    with a_failure_at_most():
        apply(resource_plan, _ASKED.clients, RunContext(sleep=lambda _: None), ready=pushed())
