"""The parts of the documents that follow from the catalogue: `action.yml` and the tables of the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from functions_model.inputs.catalogue import CATALOGUE, OUTPUTS
from functions_model.inputs.sources import own_variable
from functions_model.inputs.specs import EVERY_MODE, WITH_AZURE, Group, InputSpec

ACTION_NAME = "Azure Function from a model"
ENTRYPOINT = "/opt/functions-model/bin/action"
"""One word, as the runner's hook for Kubernetes wants it."""
ACTION_DESCRIPTION = "Take a trained model from a repository to a live, verified Azure Function in one step."


def render_action_yaml(image: str) -> str:
    """The whole text of `action.yml`.

    Args:
        image: What the action runs: `Dockerfile`, or `docker://host/name@sha256:...` for a release.
    """
    action = {
        "name": ACTION_NAME,
        "description": ACTION_DESCRIPTION,
        "author": "functions-model-action maintainers",
        "branding": {"icon": "package", "color": "blue"},
        "inputs": action_inputs(),
        "outputs": action_outputs(),
        "runs": {"using": "docker", "image": image, "entrypoint": ENTRYPOINT},
    }
    return yaml.safe_dump(action, sort_keys=False, allow_unicode=True, width=120)


def render_native_action_yaml() -> str:
    """The whole text of `native/action.yml`: the same step without a container."""
    outputs = {
        name: {**entry, "value": f"${{{{ steps.run.outputs.{name} }}}}"} for name, entry in action_outputs().items()
    }
    step = {
        "id": "run",
        "shell": "sh",
        "run": 'exec sh "$GITHUB_ACTION_PATH/run"',
        "env": {own_variable(spec.name): f"${{{{ inputs.{spec.name} }}}}" for spec in CATALOGUE},
    }
    action = {
        "name": f"{ACTION_NAME}, without Docker",
        "description": f"{ACTION_DESCRIPTION} On Linux runners of every kind; needs Python 3.11 or later.",
        "author": "functions-model-action maintainers",
        "inputs": action_inputs(),
        "outputs": outputs,
        "runs": {"using": "composite", "steps": [step]},
    }
    return yaml.safe_dump(action, sort_keys=False, allow_unicode=True, width=120)


def action_inputs() -> dict[str, dict[str, Any]]:
    """The `inputs` of `action.yml`, by name."""
    return {spec.name: _action_input(spec) for spec in CATALOGUE}


def action_outputs() -> dict[str, dict[str, str]]:
    """The `outputs` of `action.yml`, by name."""
    return {spec.name: {"description": spec.help} for spec in OUTPUTS}


def _action_input(spec: InputSpec) -> dict[str, Any]:
    """An input without a default: a runner would set it as if it were given, and it would win over an inputs file."""
    otherwise = f"`{spec.default}`" if spec.default else spec.derived
    described = f"{spec.help} Default: {otherwise}." if otherwise else spec.help
    return {"description": described, "required": _always_required(spec)}


def _always_required(spec: InputSpec) -> bool:
    """Whether no run at all works without it."""
    return spec.required and spec.modes == EVERY_MODE


def inputs_table() -> str:
    """The tables of inputs, one for each group, in Markdown, ending with a newline."""
    head = ("input", "type", "required", "default", "what it is")
    tables = (
        f"\n## {group.value}\n\n{_table(head, [_input_row(spec) for spec in CATALOGUE if spec.group is group])}"
        for group in Group
    )
    return "".join(tables)


def _input_row(spec: InputSpec) -> tuple[str, ...]:
    return f"`{spec.name}`", spec.kind.value, _required_cell(spec), _default_cell(spec), spec.help


def outputs_table() -> str:
    """The table of outputs, in Markdown, ending with a newline."""
    return _table(("output", "what it is"), [(f"`{spec.name}`", spec.help) for spec in OUTPUTS])


def _required_cell(spec: InputSpec) -> str:
    if spec.required_when:
        return spec.required_when
    if not spec.required:
        return "no"
    if _always_required(spec):
        return "yes"
    return "to deploy or plan" if spec.modes == WITH_AZURE else "except to package"


def _default_cell(spec: InputSpec) -> str:
    if spec.default is not None:
        return f"`{spec.default}`"
    return spec.derived


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
