"""Azure ML's own `Collector` example behind its own deployment file: deployed, scored, and read as monitors read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.storage.blob import BlobServiceClient

from support.deployment import run_action
from support.function_app import write_files
from support.live_sites import scored
from support.monitoring import records_in, rows_in
from support.triggers import account_token, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

SCRIPT = """\
import json
import pandas as pd
from azureml.ai.monitoring import Collector

def init():
    global inputs_collector, outputs_collector
    inputs_collector = Collector(name='model_inputs')
    outputs_collector = Collector(name='model_outputs')

def run(data):
    input_df = pd.DataFrame(json.loads(data)["data"])
    context = inputs_collector.collect(input_df)
    output_df = pd.DataFrame({"sum": input_df.sum(axis=1)})
    outputs_collector.collect(output_df, context)
    return output_df.to_dict()
"""
"""In the shape of azureml-ai-monitoring's own page, and of Azure/azureml-examples, data_collector/score.py."""
FILES = {
    "src/score.py": SCRIPT,
    "conda.yml": "dependencies: [python=3.11, pip, {pip: [azureml-ai-monitoring==1.0.0]}]\n",
    "blue.yml": """\
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: my_endpoint
code_configuration: {code: src, scoring_script: score.py}
environment: {conda_file: conda.yml}
data_collector:
  collections:
    request: {enabled: 'True'}
    model_inputs: {enabled: 'True'}
    model_outputs: {enabled: 'True'}
""",
}
FOLDER = "modelDataCollector/my_endpoint/blue"
GIVEN = {
    "deployment-file": "blue.yml",
    "model-path": "[]",
    "app-name": "collects",
    "resource-group": "collects",
    "collect-storage-account": "collectsmonitored",
    "collect-container": "monitored",
}


@pytest.mark.exhaustive
def test_the_example_is_read_back(sandbox: Sandbox, tmp_path: Path) -> None:
    """By an identity that has a role on that container alone; each row of an answer finds its input."""
    write_files(tmp_path, FILES)
    run = run_action(tmp_path, {**sandbox.endpoints.inputs(), **GIVEN}, sandbox.endpoints.environ())
    assert run.code == 0, run.log
    assert "Storage Blob Data Contributor on monitored" in run.log
    assert "is dropped" not in run.log

    for number in range(3):
        scored(sandbox, "collects", "collects", {"data": {"a": [number, 10], "b": [1, 2]}})
    blobs = eventually(lambda: collected(sandbox, 3))

    inputs, outputs = (rows_in(blobs, f"{FOLDER}/{name}") for name in ("model_inputs", "model_outputs"))
    assert [row["correlationid"] for row in inputs] == [row["correlationid"] for row in outputs]
    assert [row["a"] + row["b"] for row in inputs] == [row["sum"] for row in outputs] == [1, 12, 2, 12, 3, 12]
    asked = records_in(blobs, f"{FOLDER}/request")
    assert [{"data": {"a": [number, 10], "b": [1, 2]}} for number in range(3)] == [one["data"] for one in asked]
    assert all(one["source"].endswith("/providers/Microsoft.Web/sites/collects") for one in asked)


def collected(sandbox: Sandbox, requests: int) -> dict[str, bytes] | None:
    """Every blob of the container; None while there are fewer records than so many requests give."""
    account = "collectsmonitored"
    found: Any = sandbox.arm.accounts.find(account)
    with BlobServiceClient(
        str(found.properties["primaryEndpoints"]["blob"]),
        credential=account_token(sandbox, account),
        connection_verify=str(sandbox.endpoints.ca_bundle),
    ) as client:
        container = client.get_container_client("monitored")
        blobs = {blob.name: bytes(container.download_blob(blob.name).readall()) for blob in container.list_blobs()}
    return blobs if 3 * requests <= sum(len(blob.splitlines()) for blob in blobs.values()) else None
