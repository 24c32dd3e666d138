"""The parts of a deployment file that mean something here: model, code, environment, environment variables."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import yaml

from functions_model.core.azureml_environment import BUILDS, INSTEAD_OF_BUILD, KEYS, UNUSED
from functions_model.core.spec import InlineEnvironment
from functions_model.core.yaml_nodes import is_empty
from functions_model.inputs.assets import is_reference
from functions_model.inputs.deployment_notes import MODEL_KEYS, UNUSED_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.core.failures import Location
    from functions_model.inputs.deployment_yaml import Sheet

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
        sheet.give("entry-script", script if own_folder else _beside(sheet, folder, script), value)


def _beside(sheet: Sheet, folder: str, script: str) -> str:
    return posixpath.normpath(f"{folder}/{script}") if folder else sheet.relative(script)


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
    found = sheet.sections(node, KEYS, "environment")
    for key in found:
        if key in UNUSED:
            sheet.note(f"environment.{key}", UNUSED[key])
    if "build" in found:
        sheet.refuse(found["build"][0], BUILDS, INSTEAD_OF_BUILD)
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
