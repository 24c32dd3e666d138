"""Two apps whose names begin with the same 32 characters, on one storage account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.deployer import Deployer
from support.live_sites import scored

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive


def test_are_both_live(sandbox: Sandbox, tmp_path: Path) -> None:
    """Each has a host id of its own; the first one starts again beside the second."""
    names = [f"contoso-churn-prediction-scoring-{end}" for end in ("prod", "test")]
    apps = [Deployer(sandbox, tmp_path / name, name) for name in names]
    for app in apps:
        app.group = "long-names-group"
        run = app.run(storage_account="longnamesstore", plan_name="long-names-plan", verify_timeout="60")

        assert run.code == 0, run.log
    sandbox.data.apps.restart(str(apps_id(sandbox, names[0])))
    run = apps[0].run(storage_account="longnamesstore", plan_name="long-names-plan")

    assert run.code == 0, run.log
    assert ["first", "first"] == [scored(sandbox, app.group, app.app, 1)["model"] for app in apps]


def apps_id(sandbox: Sandbox, name: str) -> object:
    [found] = [one.id for one in sandbox.arm.store.list(group="long-names-group") if one.id.name == name]
    return found
