"""What is registered in the sandbox's own workspace from the start."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.machine_learning.state import NAMESPACE

if TYPE_CHECKING:
    from azure_sandbox.arm.machine_learning.state import Workspace, Workspaces

MODEL = "temperature"
"""Degrees Fahrenheit from degrees Celsius: version 1 by a rule of thumb, version 2 exactly."""
_WEIGHTS = ({"slope": 2.0, "intercept": 30.0}, {"slope": 1.8, "intercept": 32.0})
ENVIRONMENT = "temperature-env"
_CONDA = """\
name: temperature
dependencies:
  - pip
  - pip:
      - azureml-inference-server-http
"""
_ACCOUNT = "sandboxworkspacestore"


def make_workspace(workspaces: Workspaces, subscription: str, group: str, name: str, location: str) -> Workspace:
    """The ready-made workspace. Nothing of it runs before it is asked for."""
    account = ResourceId(subscription, group, "Microsoft.Storage", ("storageAccounts",), (_ACCOUNT,))
    made = workspaces.create(ResourceId(subscription, group, NAMESPACE, ("workspaces",), (name,)), location, account)
    for weights in _WEIGHTS:
        workspaces.register_model(made, MODEL, {"weights.json": json.dumps(weights).encode()})
    workspaces.register_environment(made, ENVIRONMENT, _CONDA)
    return made
