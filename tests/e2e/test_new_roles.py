"""Roles that take a while to count: a deployment waits for them, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.deployment import run_action
from support.project import write_echo_project

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

DELAY = 12.0
"""Seconds until a new role counts; far more than the app has."""


@pytest.mark.exhaustive
def test_a_first_deployment_waits_until_its_roles_count(
    tmp_path: Path, sandbox: Sandbox, request: pytest.FixtureRequest
) -> None:
    """With less time for the app than its roles take to count, it is live in the end, and the log says why so late."""
    request.addfinalizer(lambda: setattr(sandbox.roles, "propagation_delay", 0.0))
    sandbox.roles.propagation_delay = DELAY
    inputs = {**sandbox.endpoints.inputs(), **write_echo_project(tmp_path)}
    inputs |= {"app-name": "late-roles", "resource-group": "late-roles-group", "verify-timeout": "3"}

    run = run_action(tmp_path, inputs, sandbox.endpoints.environ())

    assert run.code == 0, run.log
    assert "a role that this run assigned does not count yet" in run.log
    assert "(the identity may not pull the image;" in run.log
