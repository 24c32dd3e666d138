"""Whole plans where Resource Manager answers as nobody wrote it: a plan, or words that name who said what."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.faults import Fault
from support.deployer import Deployer
from support.odd_answers import odd_answer, spoiled_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

_CAUSES = frozenset(range(2, 10))
_ALL, _IN_CI = 150, 3
_READS = 40
"""Requests to Resource Manager that a plan makes, about."""


@pytest.fixture(scope="module")
def live(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployer]:
    """An app that is live, with a slot."""
    deployer = Deployer(sandbox, tmp_path_factory.mktemp("odd"), "odd-live")
    assert deployer.run(sample_request="").code == 0
    yield deployer
    sandbox.faults.clear()


def _faults(seed: int) -> list[Fault]:
    """One odd answer, or a few; the first are at the first reads, which other seeds seldom hit."""
    chance = random.Random(f"plan {seed}")  # noqa: S311 - it is meant to be the same each time
    make = chance.choice((odd_answer, spoiled_answer))
    at = seed if seed < 3 else chance.randrange(_READS)
    plain = Fault("*", ".", delay=1.0, passes=at, times=chance.choice((1, 1, 2, 8)), service="arm")
    return [make(chance, plain) for _ in range(chance.randint(1, 2))]


@pytest.mark.parametrize("seed", range(_ALL if os.environ.get("SOAK") else _IN_CI))
def test_a_plan(live: Deployer, seed: int) -> None:
    """Of an app that is there, of a slot, of a new app, of a removal."""
    inputs = ({"mode": "plan"}, {"mode": "plan", "slot_name": "next"}, {"mode": "plan-destroy"})[seed % 3]
    for fault in _faults(seed):
        live.sandbox.faults.add(fault)
    try:
        run = live.run(sample_request="", **inputs)
    finally:
        live.sandbox.faults.clear()

    print(run.log)
    assert run.code == 0 or run.code in _CAUSES, run.log
    assert "Traceback" not in run.log
    assert run.code == 0 or run.errors
