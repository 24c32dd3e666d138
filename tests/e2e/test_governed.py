"""A subscription whose resources need a tag: a run that is refused, one that complies, one that changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.deployer import Deployer
from support.governing import needs_tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive
APP = "governed-app"
TAGS = "cost-center=4711\n# whom to ask\nowner=ml"


@pytest.fixture
def deployer(sandbox: Sandbox, tmp_path: Path) -> Iterator[Deployer]:
    one = Deployer(sandbox, tmp_path, APP)
    sandbox.arm.policies.assign(
        needs_tag("cost-center", scope=f"/subscriptions/{sandbox.subscription_id}/resourceGroups/{one.group}")
    )
    yield one
    sandbox.arm.policies.clear()


def test_a_deployment_complies(deployer: Deployer, sandbox: Sandbox) -> None:
    """The first run says what to add; with that the app is live, what was made has the tags, and the plan is empty."""
    refused = deployer.run()

    assert refused.code == 7, refused.log
    assert "Add to `tags` the line `cost-center=VALUE`." in refused.errors[0]

    live = deployer.run(tags=TAGS)
    assert live.code == 0, live.log
    changes = {one["kind"]: one["fields"] for one in json.loads(live.outputs["plan"])["changes"]}
    assert {"name": "tag `owner`", "before": None, "after": "ml"} in changes["function app"]
    made = [one for one in sandbox.arm.store.list(group=deployer.group) if "managed-by" in one.tags]
    assert len(made) == 4
    assert {(one.tags["cost-center"], one.tags["owner"]) for one in made} == {("4711", "ml")}

    planned = deployer.run(tags=TAGS, mode="plan")
    assert planned.outputs["has-changes"] == "false", planned.log
