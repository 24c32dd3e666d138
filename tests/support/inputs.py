"""Inputs that are right, to be made wrong one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import InputsInvalid
from functions_model.inputs.reading import read_inputs

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """\
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: churn
model:
  path: ../../model/
code_configuration:
  code: ../../src/
  scoring_script: score.py
environment:
  conda_file: ../../environment.yml
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest
environment_variables:
  LEVEL: 3
  Mode: fast
instance_type: Standard_DS3_v2
instance_count: 1
"""
"""A deployment file with all that it can give."""
HEAD = "model: ../../model\ncode_configuration: {code: ../../src, scoring_script: score.py}\n"
"""A deployment file up to its environment."""
GUID = "0a1b2c3d-0000-4000-8000-00000000000a"
PACKAGE = {
    "mode": "package",
    "model-path": "model/iris.pkl",
    "entry-script": "src/score.py",
    "registry": "localhost:5000",
}
DEPLOY = {
    "model-path": "model/iris.pkl",
    "entry-script": "src/score.py",
    "registry": "contoso",
    "subscription-id": GUID,
    "tenant-id": GUID.upper(),
    "client-id": GUID,
    "resource-group": "rg-churn",
    "location": "West Europe",
    "app-name": "Churn-Scorer",
}


BARE = {name: text for name, text in DEPLOY.items() if name not in {"model-path", "entry-script"}}


"""Without what a deployment file may give."""


def problems(values: dict[str, str], workspace: Path) -> dict[str, str]:
    """What is wrong, by input."""
    with pytest.raises(InputsInvalid) as failure:
        read_inputs(values, workspace=workspace)
    return {problem.subject: f"{problem.what}. {problem.remedy}" for problem in failure.value.problems}


def told(values: dict[str, str], workspace: Path) -> list[str]:
    """What is wrong, each as `subject line what remedy`."""
    with pytest.raises(InputsInvalid) as failure:
        read_inputs(values, workspace=workspace)
    return [
        f"{problem.subject} {problem.location.line if problem.location else '-'} {problem.what}. {problem.remedy}"
        for problem in failure.value.problems
    ]
