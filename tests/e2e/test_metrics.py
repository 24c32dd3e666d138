"""An app that writes to Application Insights: deployed, scored, and its metrics read back with their dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from azure_sandbox.arm.ids import ResourceId
from support.deployment import run_action
from support.function_app import write_files
from support.ingestion import Metric, metrics_in
from support.live_sites import scored
from support.triggers import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

SCRIPT = """\
import json
from azure.monitor.opentelemetry import configure_azure_monitor
from opentelemetry import metrics

def init():
    global mine
    configure_azure_monitor(disable_offline_storage=True)
    mine = metrics.get_meter("mine").create_counter("rows")

def run(data):
    rows = json.loads(data)
    if not isinstance(rows, list):
        raise TypeError("a secret text")
    mine.add(len(rows), {"kind": "good"})
    return rows
"""
"""A script with telemetry of its own, by Microsoft's distribution."""
PLAIN = "def init():\n    pass\n\ndef run(data):\n    return data\n"
FILES = {
    "src/score.py": SCRIPT,
    "requirements.txt": "azure-monitor-opentelemetry\n",
    "model/model.txt": "x",
}
GIVEN = {
    "entry-script": "src/score.py",
    "environment-file": "requirements.txt",
    "model-path": "model",
    "model-name": "churn",
    "model-version": "3",
    "image-name": "measured",
}
LIVE = {
    "app-name": "measured",
    "resource-group": "measured",
    "application-insights": "measured-insights",
    "app-settings": "OTEL_METRIC_EXPORT_INTERVAL=500\nAPPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL=true",
}


@pytest.mark.exhaustive
def test_metrics_are_read_back(sandbox: Sandbox, tmp_path: Path) -> None:
    """By the app's identity, with keys off; the script's own telemetry arrives beside, and the image knows nothing."""
    write_files(tmp_path, FILES)
    inputs, environ = {**sandbox.endpoints.inputs(), **GIVEN}, sandbox.endpoints.environ()
    without = run_action(tmp_path, {**inputs, "mode": "package"}, environ)
    assert without.code == 0, without.log

    run = run_action(tmp_path, {**inputs, **LIVE}, environ)
    assert run.code == 0, run.log
    assert "Monitoring Metrics Publisher on measured-insights" in run.log
    assert "gets no metrics" not in run.log
    assert without.outputs["digest"] == run.outputs["digest"]

    component = ResourceId(
        sandbox.subscription_id, "measured", "Microsoft.Insights", ("components",), ("measured-insights",)
    )
    sandbox.arm.store.get(component).properties["DisableLocalAuth"] = True
    sandbox.telemetry.clear()
    assert [1, 2] == scored(sandbox, "measured", "measured", [1, 2])
    with pytest.raises(requests.HTTPError):
        scored(sandbox, "measured", "measured", "no rows")

    def found(*names: str) -> list[Metric] | None:
        known = metrics_in(sandbox.telemetry.taken(component=str(component)))
        return [one for one in known if one.name in names] if set(names) <= {one.name for one in known} else None

    ours = eventually(lambda: found("functions_model.run.duration", "functions_model.errors"))
    model = {"functions_model.model.name": "churn", "functions_model.model.version": "3", "faas.trigger": "http"}
    runs = [one for one in ours if one.name == "functions_model.run.duration"]
    assert {"success", "failure"} >= {one.dimensions["functions_model.outcome"] for one in runs}
    assert all(model.items() <= one.dimensions.items() for one in ours)
    assert ["TypeError"] == [one.dimensions["error.type"] for one in ours if one.name == "functions_model.errors"]
    assert {"measured"} == {one.tags["ai.cloud.role"] for one in ours}
    [mine] = eventually(lambda: found("rows"))
    assert ({"kind": "good"}, 2) == (mine.dimensions, mine.sum)
    assert "secret" not in str(ours)


@pytest.mark.exhaustive
def test_an_older_server_scores_without(sandbox: Sandbox, tmp_path: Path) -> None:
    """Which brings no exporter: the deployment succeeds, and tells what to add."""
    files = {"requirements.txt": "azureml-inference-server-http==1.4.1\n", "src/score.py": PLAIN}
    write_files(tmp_path, {**FILES, **files})
    named = {"app-name": "unmeasured", "resource-group": "unmeasured", "application-insights": "unmeasured-insights"}

    run = run_action(tmp_path, {**sandbox.endpoints.inputs(), **GIVEN, **named}, sandbox.endpoints.environ())

    assert run.code == 0, run.log
    assert "`azure-monitor-opentelemetry-exporter` is not installed" in run.log
    assert "1" == scored(sandbox, "unmeasured", "unmeasured", 1)
