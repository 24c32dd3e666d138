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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.sandbox import Sandbox

_FIRST = int(os.environ.get("SOAK_SEED") or 0)
_ALL = 200
_IN_CI = {"first": 2, "update": 3, "package": 15}
"""A tenth, of which few are what takes long: an app that is made or started again."""


def _trials() -> list[Trial]:
    """All of them; in CI as many of each kind as it has time for, spread over all."""
    made = [trial(seed) for seed in range(_FIRST, _FIRST + _ALL)]
    if os.environ.get("SOAK"):
        return made
    kinds = {kind: [one for one in made if one.kind == kind] for kind in _IN_CI}
    return [one for kind, few in _IN_CI.items() for one in kinds[kind][:: len(kinds[kind]) // few][:few]]


def _case(made: Trial) -> object:
    marks = [pytest.mark.needs("mount")] if made.disk is not None else []
    return pytest.param(made, id=f"seed-{made.seed:04}", marks=marks)


@pytest.fixture(scope="module")
def soak(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Soak:
    """One image and one environment, which all share."""
    return Soak(sandbox, tmp_path_factory.mktemp("soak"))


@pytest.fixture(scope="module")
def results() -> Iterator[SoakResults]:
    """What is told at the end."""
    made = SoakResults(ROOT / "build" / f"soak{os.environ.get('PYTEST_XDIST_WORKER', '')}.json")
    yield made
    if made.outcomes:
        print(f"\n\n{made.table()}\n")


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@pytest.mark.parametrize("made", [_case(one) for one in _trials()])
def test_a_deployment_with_bad_luck(soak: Soak, results: SoakResults, made: Trial) -> None:
    """Exit 0 with all of it live, or a cause; no traceback, nothing left behind; one run more mends it."""
    print(made.words)
    outcome = soak.outcome(made)
    results.add(outcome)
    print(f"exit code {outcome.code} after {outcome.seconds} s, {outcome.mib} MiB: {outcome.said}")

    assert () == outcome.wrong, "\n".join(outcome.wrong)
