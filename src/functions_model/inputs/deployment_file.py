"""An Azure ML online deployment YAML, in the place of the inputs that are not given.

Its paths are relative to itself, as Azure ML reads them, and stay in the workspace as all others do.
https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

import yaml

from functions_model.core.failures import Location, Problem, RuleBroken
from functions_model.core.registered import (
    BUILDS,
    ENVIRONMENT_KEYS,
    ENVIRONMENT_UNUSED,
    INSTEAD_OF_BUILD,
    INSTEAD_OF_SERVER,
    OWN_SERVER,
)
from functions_model.core.spec import InlineEnvironment
from functions_model.core.yaml_nodes import is_empty
from functions_model.image.opened import TextRefused, read_text
from functions_model.inputs.assets import is_reference
from functions_model.inputs.data_collector import FOLDERS, read_data_collector
from functions_model.inputs.deployment_yaml import SUBJECT, Sheet, scalars
from functions_model.inputs.form import Form
from functions_model.inputs.import_roots import VARIABLE
from functions_model.inputs.specs import WITH_AZURE
from functions_model.inputs.unused_settings import OF_THE_SERVER

_PROBE = (
    "the Functions host starts the script again when its process ends, and `verify-timeout` is the time to come alive"
)

USED_KEYS = ("model", "code_configuration", "environment", "environment_variables", "data_collector")
SILENT_KEYS = ("$schema",)
UNUSED_KEYS: dict[str, str] = {
    "name": "`app-name` names the app",
    "endpoint_name": "`app-name` names the app, and its URL follows from it",
    "type": "the app runs on a hosting plan, see `plan-sku`",
    "description": "a function app has none",
    "tags": "they belong to the deployment in Azure ML",
    "properties": "they belong to the deployment in Azure ML",
    "id": "it belongs to the deployment in Azure ML",
    "instance_type": "`plan-sku` chooses the size of the machines",
    "instance_count": "the hosting plan decides how many instances run, see `plan-sku`",
    "resources": "`plan-sku` chooses the size of the machines",
    "scale_settings": "the hosting plan scales, see `plan-sku`",
    "request_settings": "`concurrency` says how many requests are scored at the same time, and `functionTimeout` in"
    " `host-json` how long one may take",
    "liveness_probe": _PROBE,
    "readiness_probe": _PROBE,
    "startup_probe": _PROBE,
    "app_insights_enabled": "the app setting `APPLICATIONINSIGHTS_CONNECTION_STRING` turns Application Insights on",
    "model_mount_path": "the models are where `AZUREML_MODEL_DIR` says",
    "egress_public_network_access": "the network of a function app is set up in Azure",
    "private_network_connection": "the network of a function app is set up in Azure",
    "provisioning_state": "it belongs to the deployment in Azure ML",
}
"""Why, by key, as a clause."""

_PLACES = "the image has it elsewhere and sets this itself"
UNUSED_VARIABLES: dict[str, str] = {
    "AZUREML_MODEL_DIR": _PLACES,
    "AZUREML_ENTRY_SCRIPT": _PLACES,
    "AML_APP_ROOT": _PLACES,
    "AZUREML_SOURCE_DIRECTORY": _PLACES,
    **OF_THE_SERVER,
}
"""Environment variables that are Azure ML's own, and why each is left out, as a clause."""
MODEL_KEYS = (*("$schema", "name", "version", "path", "type", "description", "tags", "properties", "flavors", "stage"),)


_FILLED = frozenset({"model-path", "entry-script"})
"""Inputs that nobody misses while the file that may give them cannot be read."""
_OTHER_SCHEMAS = ("endpoint", "batch", "job", "pipeline", "component")


def read_deployment_file(form: Form) -> None:
    """Add to the form what the input `deployment-file` says. Inputs that are given win over it."""
    file = form.take(SUBJECT, form.workspace.file)
    text = _text(file, form) if file else None
    if file is None or text is None:
        form.unread = _FILLED if form.text(SUBJECT) else frozenset()
        return
    sheet = Sheet(file, form.workspace.folder, text)
    root = sheet.root()
    if root is not None and not _refuse_foreign(sheet, root):
        _read_parts(form, sheet, root)
    if sheet.problems:
        form.unread = _FILLED
    form.problems += sheet.problems
    form.notes += sheet.notes


def _text(file: Path, form: Form) -> str | None:
    """Of the whole file; None, and a problem noted, where it has none."""
    try:
        return read_text(file)
    except TextRefused as error:
        form.problems.append(Problem(error.what, error.remedy, SUBJECT, Location(file, error.line)))
        return None


def _refuse_foreign(sheet: Sheet, root: yaml.MappingNode) -> bool:
    """Whether it is a YAML of Azure ML for something else, or holds what only Azure ML can fill in."""
    for node in scalars(root):
        if "${{" in node.value:
            what = f"`{node.value.strip()}` is an expression, which only Azure ML can fill in"
            sheet.refuse(node, what, "Write the value itself.")
    for key, value in root.value:
        schema = str(value.value).rpartition("/")[2].partition(".")[0] if key.value == "$schema" else ""
        if any(word in schema.lower() for word in _OTHER_SCHEMAS):
            what = f"it is a `{schema}`, not an online deployment"
            sheet.refuse(value, what, "Use the YAML of `az ml online-deployment create --file`.")
    return bool(sheet.problems)


def _read_parts(form: Form, sheet: Sheet, root: yaml.MappingNode) -> None:
    given = {name for name, text in form.values.items() if text}
    found = sheet.sections(
        root, (*USED_KEYS, *UNUSED_KEYS, *SILENT_KEYS), may_be_empty={*UNUSED_KEYS, "data_collector"}
    )
    values = {key: value for key, (_, value) in found.items()}
    if form.mode in WITH_AZURE and "data_collector" in values:
        form.file_collect = read_data_collector(sheet, values)
    for key in found:
        if key in UNUSED_KEYS and not (form.file_collect and key in FOLDERS):
            sheet.note(key, UNUSED_KEYS[key])
    if "model" in values and "model-path" not in given:
        read_model(sheet, values["model"])
    if "code_configuration" in values and not {"entry-script", "source-directory"} <= given:
        read_code_configuration(sheet, values["code_configuration"], own_folder="source-directory" in given)
    if "environment" in values and "environment-file" not in given:
        form.environment = read_environment_part(sheet, values["environment"])
    if "environment_variables" in values:
        variables = tuple(read_variables(sheet, values["environment_variables"]))
        form.file_settings = tuple(one for one in variables if one[1] != VARIABLE)
        form.file_pythonpath = next((text for _, name, text in variables if name == VARIABLE), "")
    if form.mode in WITH_AZURE and "sample-request" not in given:
        _find_sample(sheet, root)
    _fill_in(form, sheet, given)


def _find_sample(sheet: Sheet, root: yaml.MappingNode) -> None:
    """The file that Azure ML's own examples have beside the deployment; JSON before anything else."""
    beside = [file for file in sheet.file.parent.glob("sample[-_]request.*") if file.is_file() and file != sheet.file]
    for file in sorted(beside, key=lambda file: (file.suffix != ".json", file.name))[:1]:
        text = sheet.relative(file.name)
        sheet.give("sample-request", text, root)
        sheet.notes.append(f"The last check sends `{text}`, which is next to `{sheet.name}`.")


def _fill_in(form: Form, sheet: Sheet, given: set[str]) -> None:
    if "entry-script" in given and not _holds(form, sheet.given.get("source-directory", ("",))[0]):
        sheet.given.pop("source-directory", None)
    for name, (text, place) in sheet.given.items():
        if name not in given:
            form.values[name] = text
            form.origins[name] = place


def _holds(form: Form, folder: str) -> bool:
    """Whether the entry script that was given lies in the file's `code`; else that is of no use to it."""
    if not folder:
        return False
    inside = form.workspace.folder / folder
    script = form.text("entry-script")
    if not script.startswith("/") and (inside / script).is_file():
        return True
    try:
        return form.workspace.absolute(script).is_relative_to(inside)
    except RuleBroken:
        return False


_FILE = "file:"
"""How Azure ML marks a path where a name would do as well."""


def read_model(sheet: Sheet, node: yaml.Node) -> None:
    """Give `model-path`, and name and version where the file says them."""
    if not isinstance(node, yaml.MappingNode):
        text = sheet.scalar(node, "model")
        path = text if is_reference(text) else sheet.local_path(node, "model")
        if path:
            sheet.give("model-path", path, node)
        return
    found = sheet.sections(node, MODEL_KEYS, "model")
    if "path" not in found:
        sheet.refuse(
            node, "`model` has no `path`", "Add it, or name a registered one: `model: azureml:<name>:<version>`."
        )
        return
    if "type" in found and "triton" in sheet.scalar(found["type"][1], "type").lower():
        sheet.refuse(found["type"][0], "a Triton model needs Triton's own server", "Give a model that Python loads.")
    if path := sheet.local_path(found["path"][1], "path"):
        sheet.give("model-path", path, found["path"][1])
    for key in ("name", "version"):
        if key in found and (text := sheet.scalar(found[key][1], key)):
            sheet.give(f"model-{key}", text, found[key][1])


def read_code_configuration(sheet: Sheet, node: yaml.Node, *, own_folder: bool) -> None:
    """Give `source-directory` and `entry-script`.

    Args:
        sheet: The file.
        node: The value of `code_configuration`.
        own_folder: Whether `source-directory` was given, which the script is relative to then.
    """
    if not isinstance(node, yaml.MappingNode):
        sheet.refuse(node, "`code_configuration` is not a mapping", "Give it `code` and `scoring_script`.")
        return
    found = sheet.sections(node, ("code", "scoring_script"), "code_configuration")
    folder = sheet.local_path(found["code"][1], "code") if "code" in found else ""
    if folder:
        sheet.give("source-directory", folder, found["code"][1])
    if "scoring_script" not in found:
        sheet.refuse(node, "`code_configuration` has no `scoring_script`", "Name the script with `init()` and `run()`.")
        return
    value = found["scoring_script"][1]
    script = sheet.scalar(value, "scoring_script")
    if script and ("code" not in found or folder):
        beside = posixpath.normpath(f"{folder}/{script}") if folder else sheet.relative(script)
        sheet.give("entry-script", script if own_folder else beside, value)


def read_environment_part(sheet: Sheet, node: yaml.Node) -> InlineEnvironment | None:
    """Give `environment-file`, or the environment that stands in the deployment file itself."""
    if isinstance(node, yaml.MappingNode):
        return _read_environment_mapping(sheet, node)
    text = sheet.scalar(node, "environment")
    if is_reference(text):
        sheet.give("environment-file", text, node)
    elif text.startswith(_FILE):
        sheet.give("environment-file", sheet.relative(text.removeprefix(_FILE).removeprefix("//")), node)
    elif path := sheet.local_path(node, "environment"):
        sheet.give("environment-file", path, node)
    return None


def _read_environment_mapping(sheet: Sheet, node: yaml.MappingNode) -> InlineEnvironment | None:
    found = sheet.sections(node, ENVIRONMENT_KEYS, "environment")
    for key in found:
        if key in ENVIRONMENT_UNUSED:
            sheet.note(f"environment.{key}", ENVIRONMENT_UNUSED[key])
    if "build" in found:
        sheet.refuse(found["build"][0], BUILDS, INSTEAD_OF_BUILD)
        return None
    if "conda_file" not in found and "inference_config" in found:
        sheet.refuse(found["inference_config"][1], OWN_SERVER, INSTEAD_OF_SERVER)
        return None
    if "conda_file" not in found:
        remedy = "Add `conda_file`, a path or the environment itself; or give the input `environment-file`."
        sheet.refuse(node, "`environment` names no dependencies (`conda_file`)", remedy)
        return None
    value = found["conda_file"][1]
    if isinstance(value, yaml.MappingNode):
        return InlineEnvironment(sheet.file, value.start_mark.line + 1, sheet.slice(value))
    if path := sheet.local_path(value, "conda_file"):
        sheet.give("environment-file", path, value)
    return None


def read_variables(sheet: Sheet, node: yaml.Node) -> Iterator[tuple[Location, str, str]]:
    """Place, name and value of each environment variable; Azure ML's own are left out with a note."""
    if not isinstance(node, yaml.MappingNode):
        sheet.refuse(node, "`environment_variables` is not a mapping of names to values", "Write `NAME: value` lines.")
        return
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if name.upper() in UNUSED_VARIABLES:
            sheet.note(f"environment_variables.{name}", UNUSED_VARIABLES[name.upper()])
        elif not isinstance(value, yaml.ScalarNode):
            sheet.refuse(key, f"`{name}` has a list or a mapping as its value", "Settings are text; put it in quotes.")
        else:
            yield sheet.place(key), name, "" if is_empty(value) else value.value
