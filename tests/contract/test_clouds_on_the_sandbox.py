"""A deployment in clouds that know older versions of Azure's interfaces than the public one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from azure_sandbox.arm.versions import CLOUDS
from functions_model.hosting.app_service.host import APP_SERVICE
from functions_model.hosting.app_service.swap import swap
from functions_model.provision import Action, RunContext
from functions_model.provision.removal import removal_plan, remove, survey
from support.removal import removal
from support.sandbox_login import logged_in
from support.wanted import BLOB, QUEUE

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.spec import Trigger

pytestmark = pytest.mark.exhaustive

TELEMETRY = {"application_insights": "iris-insights", "log_analytics_workspace": "iris-logs"}


@pytest.mark.parametrize("cloud", CLOUDS[1:])
@pytest.mark.parametrize("trigger", [BLOB, QUEUE], ids=["blob", "queue"])
def test_a_whole_deployment(tmp_path: Path, cloud: str, trigger: Trigger) -> None:
    """Made, changed through a slot, kept and removed, with every kind of resource."""
    with logged_in(tmp_path, cloud=cloud) as azure:
        azure.apply(azure.plan(trigger=trigger, **TELEMETRY))
        through = azure.plan(trigger=trigger, digit="b", slot_name="staging", swap=True, **TELEMETRY)
        azure.apply(through)
        assert through.move is not None
        swap(through, through.move, azure.clients, RunContext(report=print, sleep=lambda _: None))
        kept = azure.plan(trigger=trigger, digit="b", slot_name="staging", swap=True, **TELEMETRY)
        spec = removal(subscription_id=azure.sandbox.subscription_id, with_data=True)
        remove(
            removal_plan(spec, survey(azure.clients, spec, APP_SERVICE)),
            azure.clients,
            RunContext(sleep=lambda _: None),
        )

        assert {Action.KEEP} == {change.action for change in kept.changes}
        assert not azure.clients.resource.resource_groups.check_existence("iris-rg")
