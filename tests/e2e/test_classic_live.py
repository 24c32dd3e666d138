"""One deployment with what scripts, environments and settings of Azure ML bring along, live and scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from support.deployment import run_action
from support.function_app import write_files
from support.project import write_echo_project
from support.source_packages import SourcePackage

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.exhaustive

SCRIPT = """\
import json
import os
import time
from azureml.core.model import Model
from helper import scaled

def init():
    global factor
    time.sleep(8)
    with open(os.path.join(Model.get_model_path("m"), "m.json")) as file:
        factor = json.load(file)["factor"]
    assert open("src/labels.txt").read() == "yes"
    assert os.environ["model_threshold"] == "0.5", sorted(os.environ)

def run(data):
    return [scaled(value, factor) for value in json.loads(data)["data"]]
"""
YAML = """\
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: churn
model:
  name: m
  path: ../model
code_configuration:
  code: ../src
  scoring_script: score.py
environment:
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest
  conda_file: ../conda.yml
environment_variables:
  PYTHONPATH: /var/azureml-app/src/lib
  AML_CORS_ORIGINS: https://shop.example.com
"""
FILES = {
    "model/m.json": '{"factor": 3}',
    "src/score.py": SCRIPT,
    "src/labels.txt": "yes",
    "src/lib/helper.py": "def scaled(value, factor):\n    return value * factor\n",
    "deploy/blue.yml": YAML,
    "conda.yml": "dependencies: [python=3.11, pip, {pip: [azure-nspkg==2.0.0]}]\n",
    "sample-request.json": '{"data": [1, 2]}',
}
SETTINGS = "model.threshold=0.5\nPORT=8080\n"


@pytest.fixture(scope="module")
def deployed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A deployment file, SDK v1's call for the model, a package that hides `azure`, dots, a port and origins."""
    folder = tmp_path_factory.mktemp("classic")
    write_files(folder, FILES)
    names = {"app-name": "classic-live", "resource-group": "classic-live", "python-version": "3.11"}
    given = {"deployment-file": "deploy/blue.yml", "sample-request": "sample-request.json", "app-settings": SETTINGS}
    return run_action(folder, {**sandbox.endpoints.inputs(), **names, **given}, sandbox.endpoints.environ())


def test_is_live_and_scores(deployed: Run) -> None:
    """As under Azure ML, with the answer that it gives there; a setting's own name is told."""
    assert deployed.code == 0, deployed.log
    assert "[3, 6]" in deployed.summary
    assert "`model.threshold` as `model_threshold`" in deployed.log
    assert "Waiting for `init()` to return: " in deployed.log


def test_a_page_of_another_site_may_call_it(deployed: Run, sandbox: Sandbox) -> None:
    """A browser asks first, without a key; the answer itself wants one."""
    url, trusted = deployed.outputs["scoring-url"], str(sandbox.endpoints.ca_bundle)
    asked = {"Origin": "https://shop.example.com", "Access-Control-Request-Method": "POST"}
    question = requests.options(url, headers=asked, verify=trusted, timeout=60)
    refused = requests.post(url, json={"data": [1]}, headers=asked, verify=trusted, timeout=60)

    assert (200, "https://shop.example.com") == (
        question.status_code,
        question.headers["access-control-allow-origin"],
    )
    assert 401 == refused.status_code


def test_functions_that_cannot_be_imported_are_told_at_once(sandbox: Sandbox, tmp_path: Path) -> None:
    """A package that hides what every function needs: no waiting for `verify-timeout`, and no word of the script."""
    inputs = write_echo_project(tmp_path)
    broken = SourcePackage("azure-functions", "99.0", "", others={"azure/functions/__init__.py": "import nowhere\n"})
    broken.write_wheel(tmp_path / "wheels")
    write_files(tmp_path, {"requirements.txt": "--find-links wheels\nazure-functions==99.0\n"})
    names = {"app-name": "unloadable", "resource-group": "unloadable", "verify-timeout": "200"}

    run = run_action(tmp_path, {**sandbox.endpoints.inputs(), **inputs, **names}, sandbox.endpoints.environ())

    assert run.code == 8, run.log
    assert "none of its functions can be imported: ModuleNotFoundError: No module named 'nowhere'" in run.errors[0]
    assert "It is not the entry script" in run.errors[0]
