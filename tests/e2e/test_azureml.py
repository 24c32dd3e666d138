"""What Azure ML users bring: a deployment YAML, registered models, a registered environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from support.deployment import Run, run_action
from support.inspecting import skopeo_inspect

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

SCRIPT = """\
import json
import os
from pathlib import Path


def init():
    global weights
    weights = json.loads((Path(os.environ["AZUREML_MODEL_DIR"]) / "model" / "weights.json").read_text())


def run(raw_data):
    celsius = json.loads(raw_data)["celsius"]
    return {"fahrenheit": weights["slope"] * celsius + weights["intercept"], "unit": os.environ["UNIT"]}
"""

DEPLOYMENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: temperature
model: azureml:temperature@latest
code_configuration:
  code: ../src
  scoring_script: score.py
environment: azureml:temperature-env:1
environment_variables:
  UNIT: degrees
instance_type: Standard_DS3_v2
instance_count: 1
"""

LIST_SCRIPT = """\
import os
from pathlib import Path


def init():
    pass


def run(raw_data):
    root = Path(os.environ["AZUREML_MODEL_DIR"])
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
"""


@pytest.fixture(scope="module")
def deployed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """An online endpoint's own files, deployed as they are."""
    folder = tmp_path_factory.mktemp("azureml")
    for name, text in {
        "src/score.py": SCRIPT,
        "deploy/blue.yml": DEPLOYMENT,
        "deploy/sample-request.json": '{"celsius": 100}',
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    inputs = {
        "deployment-file": "deploy/blue.yml",
        "app-name": "azureml-yaml",
        "resource-group": "azureml-yaml-group",
        "auth-level": "anonymous",
    }
    run = run_action(folder, in_workspace(sandbox, inputs), sandbox.endpoints.environ())
    assert run.code == 0, run.log
    return run


def in_workspace(sandbox: Sandbox, inputs: dict[str, str]) -> dict[str, str]:
    """Inputs with the sandbox's Azure ML workspace."""
    ends = sandbox.endpoints
    workspace = {"workspace": ends.workspace, "workspace-resource-group": ends.workspace_group}
    return {**ends.inputs(), **workspace, **inputs}


@pytest.mark.exhaustive
class TestDeploymentFile:
    """`deployment-file`, with a registered model and a registered environment."""

    def test_answers_with_the_latest_version_of_the_model(self, deployed: Run, sandbox: Sandbox) -> None:
        """The sample beside the YAML was scored; the YAML's variables are app settings."""
        answer = requests.post(
            deployed.outputs["scoring-url"],
            json={"celsius": 100},
            verify=str(sandbox.endpoints.ca_bundle),
            timeout=30,
        )

        assert {"fahrenheit": 212.0, "unit": "degrees"} == answer.json()
        # Values of app settings are kept out of whatever is shown, wherever they came from.
        assert '{"fahrenheit": 212.0, "unit": "***"}' in deployed.summary

    def test_identity_names_the_version(self, deployed: Run, sandbox: Sandbox) -> None:
        """`@latest` is no version; the one that it meant is."""
        url = f"{deployed.outputs['app-url']}/api/identity"
        identity = requests.get(url, verify=str(sandbox.endpoints.ca_bundle), timeout=30).json()

        assert identity["models"] == [{"name": "temperature", "version": "2"}]

    @pytest.mark.needs("skopeo")
    def test_the_image_says_where_the_model_came_from(self, deployed: Run, sandbox: Sandbox) -> None:
        """The ARM id of the model version is a label."""
        labels = skopeo_inspect(sandbox, deployed.outputs["image"])["Labels"]

        assert labels["functions-model.models"] == "temperature:2"
        assert labels["functions-model.registered-models"].endswith(
            "/workspaces/sandboxworkspace/models/temperature/versions/2"
        )

    def test_what_means_nothing_here_is_told(self, deployed: Run) -> None:
        """In the log and on the page; nothing is ignored in silence."""
        assert "instance_type" in deployed.log
        assert "instance_type" in deployed.summary


@pytest.mark.exhaustive
class TestSeveralModels:
    """Registered and local models side by side."""

    def test_lie_as_azure_ml_lays_them_out(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Each below its name and version."""
        (tmp_path / "score.py").write_text(LIST_SCRIPT)
        (tmp_path / "labels.txt").write_text("cold\nwarm\n")
        (tmp_path / "sample.json").write_text("{}")
        inputs = {
            "model-path": "azureml:temperature:1\nnames:7=labels.txt",
            "entry-script": "score.py",
            "sample-request": "sample.json",
            "app-name": "azureml-several",
            "resource-group": "azureml-several-group",
        }

        run = run_action(tmp_path, in_workspace(sandbox, inputs), sandbox.endpoints.environ())

        assert run.code == 0, run.log
        assert '["names/7/labels.txt", "temperature/1/model/weights.json"]' in run.summary
