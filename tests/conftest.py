"""What all tests share: tools that may be missing, and how that is told."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from functions_model.inputs.sources import COMPILERS
from support.tools import TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["support.sandbox"]

collect_ignore = ["real"]
"""They look at the real thing, and have a configuration of their own: `make real`."""


# Interpreters are in no index, and compiling takes seconds: tests of byte code name the one that is at hand.
os.environ.setdefault(COMPILERS, "")

_FIRST = (
    "tests/e2e/test_action_arm64.py",
    "tests/e2e/test_real.py",
    "tests/contract/test_two_runs_on_the_sandbox.py",
    "tests/e2e/test_example_workflows.py",
    "tests/e2e/test_promotion.py",
    "tests/e2e/test_load.py",
    "tests/e2e/test_ways_to_be_dead.py",
    "tests/e2e/test_recording.py",
    "tests/e2e/test_interrupted.py",
    "tests/e2e/test_soak.py",
    "tests/e2e/test_keep_images.py",
    "tests/e2e/test_documented_roles.py",
    "tests/e2e/test_cancelled.py",
    "tests/e2e/test_callers_keys.py",
    "tests/e2e/test_real_host.py",
    "tests/e2e/test_cancelled_action.py",
    "tests/e2e/test_cancelled_updates.py",
    "tests/e2e/test_examples.py",
    "tests/e2e/test_classic_procedure.py",
    "tests/e2e/test_az.py",
    "tests/e2e/test_slots.py",
    "tests/e2e/test_access_by_keys.py",
    "tests/e2e/test_doors.py",
    "tests/e2e/test_terminal.py",
    "tests/e2e/test_pipeline_task.py",
    "tests/e2e/test_triggers_ready.py",
    "tests/e2e/test_live_tags.py",
    "tests/e2e/test_mistakes_live.py",
    "tests/e2e/test_exit_codes.py",
    "tests/e2e/test_story.py",
    "tests/e2e/test_builders.py",
    "tests/e2e/test_records.py",
    "tests/e2e/test_action_deployment.py",
    "tests/e2e/test_queue_trigger.py",
    "tests/contract/test_az_reads_the_sandbox.py",
    "tests/unit/sandbox_data/test_apps.py",
    "tests/e2e/test_action.py",
    "tests/e2e/",
    "tests/contract/",
    "tests/unit/sandbox_data/",
    "tests/unit/sandbox_control/",
)
"""Files and folders that take long, the longest first."""


# How long an example takes says more about what runs beside it than about the code.
settings.register_profile("beside others", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("beside others")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the order below: by itself pytest-xdist begins with the files that have the most tests, not the slowest."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that at the end no worker is left alone with it."""
    items.sort(key=lambda item: next((at for at, name in enumerate(_FIRST) if item.nodeid.startswith(name)), 99))


@cache
def _missing(tool: str) -> str:
    return TOOLS[tool]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test out when a tool is missing; fail it in CI, where everything must be there.

    Exhaustive tests belong to CI and to `make test ALL=1`: the everyday run has under five minutes.
    """
    if item.get_closest_marker("exhaustive") and not (os.environ.get("CI") or os.environ.get("ALL_TESTS")):
        pytest.skip("they take long, most try every single case; `make test ALL=1` runs them, as CI does")
    for mark in item.iter_markers("needs"):
        for tool in mark.args:
            if reason := _missing(tool):
                if os.environ.get("CI"):
                    pytest.fail(f"{tool} is missing in CI: {reason}", pytrace=False)
                pytest.skip(f"{tool}: {reason}")


@pytest.hookimpl(hookwrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say in plain words what a run without some tool did not show."""
    yield
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section("left out")
        reasons: dict[str, int] = {}
        for report in skipped:
            reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
            reasons[reason] = reasons.get(reason, 0) + 1
        for reason, count in sorted(reasons.items()):
            terminalreporter.write_line(f"{count} tests left out: {reason.removeprefix('Skipped: ')}")
