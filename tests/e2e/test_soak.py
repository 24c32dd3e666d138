"""The soak: deployments with random bad luck. Each converges, or names a cause; and the run after it converges.

`make soak` runs 200 of them, CI a tenth. A test's name has its seed: `make soak PYTEST_FLAGS='-k seed-0017'` has that
one alone again.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support.soak_figures import SoakResults
from support.soaking import Soak
from support.tools import ROOT
from support.trials import Trial, trial
from support.warm import Warm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.sandbox import Sandbox

_FIRST = int(os.environ.get("SOAK_SEED") or 0)
_ALL = 200
_EVERY = 1 if os.environ.get("SOAK") else 10
_SEEDS = range(_FIRST, _FIRST + _ALL, _EVERY)


def _case(made: Trial) -> object:
    marks = [pytest.mark.needs("mount")] if made.disk is not None else []
    return pytest.param(made, id=f"seed-{made.seed:04}", marks=marks)


@pytest.fixture(scope="module")
def soak(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soak]:
    """One image and one environment, which all share."""
    with Warm() as warm:
        yield Soak(sandbox, tmp_path_factory.mktemp("soak"), warm)


@pytest.fixture(scope="module")
def results() -> Iterator[SoakResults]:
    """What is told at the end."""
    made = SoakResults(ROOT / "build" / f"soak{os.environ.get('PYTEST_XDIST_WORKER', '')}.json")
    yield made
    if made.outcomes:
        print(f"\n\n{made.table()}\n")


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@pytest.mark.parametrize("made", [_case(trial(seed)) for seed in _SEEDS])
def test_a_deployment_with_bad_luck(soak: Soak, results: SoakResults, made: Trial) -> None:
    """Exit 0 with all of it live, or a cause; no traceback, nothing left behind; one run more mends it."""
    print(made.words)
    outcome = soak.outcome(made)
    results.add(outcome)
    print(f"exit code {outcome.code} after {outcome.seconds} s, {outcome.mib} MiB: {outcome.said}")

    assert () == outcome.wrong, "\n".join(outcome.wrong)
