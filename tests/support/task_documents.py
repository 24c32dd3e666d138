"""What follows from the catalogue for the task of Azure Pipelines: its definition, and which input is whose.

How a definition looks: microsoft/azure-pipelines-task-lib, tasks.schema.json; groups, rules and restrictions as
microsoft/azure-pipelines-tasks 299572e has them in Tasks/AzureFunctionAppContainerV1 and Tasks/UsePythonVersionV0.
"""

from __future__ import annotations

import json
import tomllib
from typing import Any

from functions_model.ci.azure_pipelines import camel_case
from functions_model.inputs.catalogue import OUTPUTS
from functions_model.inputs.sources import own_variable
from functions_model.inputs.specs import TRIGGERS, Group, InputKind, InputSpec
from support.pipelines_documents import TAKEN
from support.tools import ROOT

EXTENSION = ROOT / "azure-pipelines" / "extension"
FOLDER = EXTENSION / "FunctionsModelDeployV1"
TASK, NAMES = FOLDER / "task.json", FOLDER / "names.json"
ID = "376bb2d9-7d44-4d64-b233-38b6eed50279"
"""Made once: Azure DevOps knows the task by it."""
_CALLED = {"resource-group": "resourceGroupName", "image-name": "repositoryName"}
"""What the users of `AzureFunctionAppContainer@1` know it by, and what they know something else by."""
_GROUPS = {
    Group.MODEL: "model",
    Group.IMAGE: "image",
    Group.TRIGGER: "trigger",
    Group.APP: "app",
    Group.RUN: "run",
}
_MORE_HELP = {"app-settings": ' `-NAME value -OTHER "a value"` is taken, too.'}
_CONNECTION = {
    "name": "azureSubscription",
    "aliases": ["serviceConnection"],
    "type": "connectedService:AzureRM",
    "label": "Azure subscription",
    "required": True,
    "helpMarkDown": "The service connection to Azure. It says subscription, tenant, cloud and login.",
}


def task_name(spec: InputSpec) -> str:
    """The task's input."""
    return _CALLED.get(spec.name, camel_case(spec.name))


def render_names() -> str:
    """The whole text of `names.json`: the product's variable of each input."""
    return json.dumps({task_name(spec): own_variable(spec.name) for spec in TAKEN}, indent=2) + "\n"


def render_task() -> str:
    """The whole text of `task.json`."""
    outputs = [{"name": camel_case(output.name), "description": output.help} for output in OUTPUTS]
    task = {
        "id": ID,
        "name": "FunctionsModelDeploy",
        "friendlyName": "Azure Function from a model",
        "description": "Take a trained model from the sources to a live, verified Azure Function in one step.",
        "helpMarkDown": "docs/how-to/azure-pipelines.md in the repository of functions-model-action has an example.",
        "category": "Deploy",
        "visibility": ["Build", "Release"],
        "runsOn": ["Agent", "MachineGroup"],
        "author": "functions-model-action maintainers",
        "version": dict(zip(("Major", "Minor", "Patch"), map(int, _version().split(".")), strict=True)),
        "minimumAgentVersion": "4.248.0",
        "instanceNameFormat": "Deploy the model to $(appName)",
        "showEnvironmentVariables": True,
        "groups": [{"name": name, "displayName": group.value, "isExpanded": False} for group, name in _GROUPS.items()],
        "inputs": [_CONNECTION, *map(_input, TAKEN)],
        "outputVariables": outputs,
        "execution": {handler: {"target": "index.js", "argumentFormat": ""} for handler in ("Node20_1", "Node24")},
        "restrictions": {"settableVariables": {"allowed": [output["name"] for output in outputs]}},
    }
    return json.dumps(task, indent=2, ensure_ascii=False) + "\n"


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def _input(spec: InputSpec) -> dict[str, Any]:
    """An input without a default: what is not given is left to the product, as an inputs file may give it.

    A path is a text: the agent makes an absolute path of a `filePath`, the sources' folder of an empty one.
    """
    otherwise = f"`{spec.default}`" if spec.default else spec.derived
    told = spec.help + (f" Default: {otherwise}." if otherwise else "") + _MORE_HELP.get(spec.name, "")
    entry = {"name": task_name(spec), "label": _label(spec), "helpMarkDown": told, "required": False}
    entry |= {"aliases": ["resourceGroup"]} if spec.name == "resource-group" else {}
    if spec.choices:
        choices = {"type": "pickList", "options": {str(choice): str(choice) for choice in spec.choices}}
        entry |= {**choices, "properties": {"EditableOptions": "True"}}
    else:
        entry["type"] = "multiLine" if spec.kind is InputKind.LINES else "string"
    if spec.group in _GROUPS:
        entry["groupName"] = _GROUPS[spec.group]
    if rule := _rule(spec):
        entry["visibleRule"] = rule
    return entry


def _label(spec: InputSpec) -> str:
    words = spec.name.replace("-", " ")
    return words[0].upper() + words[1:]


def _rule(spec: InputSpec) -> str:
    """For an input that some triggers alone read; without a choice, the trigger is the first."""
    if TRIGGERS[0] in spec.triggers:
        return " && ".join(f"trigger != {trigger}" for trigger in TRIGGERS if trigger not in spec.triggers)
    return " || ".join(f"trigger = {trigger}" for trigger in spec.triggers)
