"""Plan and apply against the small Resource Manager, as unit tests of provisioning need it."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import Any

from functions_model.provision import Applied, ResourcePlan, RunContext, apply, observe, plan
from support.fake_arm import FakeArm
from support.wanted import wanted


def pushed() -> dict[str, Future[object]]:
    """An image that is in the registry already."""
    future: Future[object] = Future()
    future.set_result(None)
    return {"image": future}


def planned(arm: FakeArm, **changes: Any) -> ResourcePlan:
    """The plan of `support.wanted.wanted(**changes)`."""
    want = wanted(**changes)
    return plan(want, observe(arm.clients(), want))


def applied(arm: FakeArm, resource_plan: ResourcePlan, **options: Any) -> Applied:
    """The plan made so, without waiting."""
    ready = options.pop("ready", None) or pushed()
    return apply(resource_plan, arm.clients(), RunContext(**{"sleep": lambda _: None, **options}), ready=ready)


def as_text(resource_plan: ResourcePlan) -> str:
    """A plan as JSON, for golden files."""
    changes = [
        {
            "kind": change.kind,
            "name": change.name,
            "action": change.action,
            "fields": {field.name: [field.before, field.after] for field in change.fields},
            "reason": change.reason,
            "depends_on": list(change.depends_on),
            "link": change.link,
        }
        for change in resource_plan.changes
    ]
    return json.dumps(changes, indent=2)


def live() -> FakeArm:
    """An app behind an HTTP trigger, as a first run leaves it."""
    arm = FakeArm()
    applied(arm, planned(arm))
    return arm
