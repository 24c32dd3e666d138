"""Load at the limit while workers are killed: no wrong answer, no lost message, and memory stays flat."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from e2e.test_queue_trigger import client_of
from support.live_sites import site_id, site_of
from support.loading import Load, Target, workers_of
from support.triggers import TEXT_SCRIPT, deploy

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

SECONDS = 600 if os.environ.get("SOAK") else 60
"""CI has a tenth of what `make soak` has."""
AT_ONCE = 4
HTTP, QUEUE, NAMESPACE = "load-http", "load-queue", "load-queue-bus"


@pytest.mark.exhaustive
@pytest.mark.timeout(SECONDS + 300)
def test_load(sandbox: Sandbox, tmp_path: Path) -> None:
    """Requests, some of a megabyte and some that raise, and messages; as many at once as the apps score."""
    deploy(sandbox, tmp_path / "http", TEXT_SCRIPT, HTTP, concurrency=str(AT_ONCE))
    queues = {"input_queue_name": "requests", "output_queue_name": "answers", "service_bus_namespace": NAMESPACE}
    given = {"trigger": "service-bus-queue", "concurrency": str(AT_ONCE), **queues}
    deploy(sandbox, tmp_path / "queue", TEXT_SCRIPT, QUEUE, **given)
    site = site_of(sandbox, f"{HTTP}-group", HTTP)
    keys = sandbox.data.apps.function_keys(str(site_id(sandbox, f"{HTTP}-group", HTTP)), "score") or {}
    url = f"https://{site.host_name}/api/score"
    target = Target(url, {"x-functions-key": keys["default"]}, sandbox.endpoints.ca_bundle)

    with client_of(sandbox, NAMESPACE) as client:
        load = Load(target, (HTTP, QUEUE), client, seed=19)
        outcome = load.run(SECONDS, callers=AT_ONCE)

    print(f"{len(load.sent)} messages sent, {len(load.received)} answered; {outcome}")
    assert [] == outcome.wrong[:5]
    assert set() == load.sent - load.received.keys()
    assert {number: {"number": number} for number in load.sent} == load.received
    assert all(workers_of(app) for app in (HTTP, QUEUE))
    assert outcome.growth < 1.1, outcome.memory
    assert min(outcome.answered, outcome.refused, len(outcome.kills), len(load.sent)) >= SECONDS / 20
