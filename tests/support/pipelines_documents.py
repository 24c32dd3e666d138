"""What follows from the catalogue for Azure Pipelines: the template."""

from __future__ import annotations

from typing import Any

import yaml

from functions_model.ci.azure_pipelines import camel_case
from functions_model.inputs.catalogue import CATALOGUE
from functions_model.inputs.form import LOGIN
from functions_model.inputs.sources import own_variable
from functions_model.inputs.specs import Group, InputSpec

STEP = "functionsModel"
"""The step's name: outputs are read as `$(functionsModel.appUrl)`."""
FOLDER = "functions-model-action"
"""Where the template checks this repository out, beside the sources of the job."""
_HEAD = """\
# One step of Azure Pipelines that deploys a model. Written by `make docs` from the catalogue of inputs.
# docs/how-to/azure-pipelines.md says how to use it.
"""
_SCRIPT = (
    f'[ -n "${{servicePrincipalId:-}}" ] || export {own_variable("login")}=managed-identity;'
    f' exec bash "$PIPELINE_WORKSPACE/{FOLDER}/native/run"'
)
"""The task gives no login with a managed identity. `sh` may drop variables with a hyphen in their names, as those of a
connection have; `bash` hands them on."""


def of_the_connection(spec: InputSpec) -> bool:
    """Whether the service connection says it, so that people need not."""
    return spec.group is Group.LOGIN or spec.name in LOGIN


TAKEN = tuple(spec for spec in CATALOGUE if not of_the_connection(spec))


def render_template() -> str:
    """The whole text of `azure-pipelines/deploy.yml`."""
    template = {"parameters": [*_FIRST, *map(_parameter, TAKEN)], "steps": _steps()}
    return _HEAD + yaml.safe_dump(template, sort_keys=False, allow_unicode=True, width=120)


_FIRST: list[dict[str, Any]] = [
    {
        "name": "serviceConnection",
        "displayName": "The service connection to Azure. It says subscription, tenant, cloud and login.",
        "type": "string",
    },
    {
        "name": "repository",
        "displayName": "What your pipeline calls this repository in `resources`.",
        "type": "string",
        "default": STEP,
    },
    {
        "name": "checkoutSelf",
        "displayName": "Whether the template checks out your repository. Set it to false after a `checkout: self` with"
        " `path: s`.",
        "type": "boolean",
        "default": True,
    },
]


def _parameter(spec: InputSpec) -> dict[str, Any]:
    """Everyone who reads a run sees its parameters: of a secret, the variable's name is given.

    What is not given stays empty, and the product's own default follows: a default here would win over an inputs file.
    """
    if spec.secret:
        said = f"The name of the secret variable that holds this: {spec.help[0].lower()}{spec.help[1:]}"
        return {"name": f"{camel_case(spec.name)}Variable", "displayName": said, "type": "string", "default": ""}
    otherwise = f"`{spec.default}`" if spec.default else spec.derived
    said = f"{spec.help} Default: {otherwise}." if otherwise else spec.help
    values = {"values": ["", *map(str, spec.choices)]} if spec.choices else {}
    return {"name": camel_case(spec.name), "displayName": said, "type": "string", "default": "", **values}


def _steps() -> list[dict[str, Any]]:
    task = {
        "task": "AzureCLI@2",
        "name": STEP,
        "displayName": "Azure Function from a model",
        "inputs": {
            "azureSubscription": "${{ parameters.serviceConnection }}",
            "addSpnToEnvironment": True,
            "visibleAzLogin": False,
            "scriptType": "bash",
            "scriptLocation": "inlineScript",
            "inlineScript": _SCRIPT,
        },
        "env": {"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)", **dict(map(_variable, TAKEN))},
    }
    return [
        {"${{ if eq(parameters.checkoutSelf, true) }}": [{"checkout": "self", "path": "s"}]},
        {"checkout": "${{ parameters.repository }}", "path": FOLDER, "fetchDepth": "1"},
        task,
    ]


def _variable(spec: InputSpec) -> tuple[str, Any]:
    if spec.secret:
        name = f"parameters.{camel_case(spec.name)}Variable"
        return f"${{{{ if ne({name}, '') }}}}", {own_variable(spec.name): f"$(${{{{ {name} }}}})"}
    return own_variable(spec.name), f"${{{{ parameters.{camel_case(spec.name)} }}}}"
