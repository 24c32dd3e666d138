"""An Azure ML online deployment YAML, in the place of the inputs that are not given.

Its paths are relative to itself, as Azure ML reads them, and stay in the workspace as all others do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.inputs.deployment_notes import SILENT_KEYS, UNUSED_KEYS, USED_KEYS
from functions_model.inputs.deployment_parts import (
    read_code_configuration,
    read_environment_part,
    read_model,
    read_variables,
)
from functions_model.inputs.deployment_yaml import SUBJECT, Sheet, scalars
from functions_model.inputs.rules import RuleBroken
from functions_model.inputs.specs import WITH_AZURE

if TYPE_CHECKING:
    from pathlib import Path

    import yaml

    from functions_model.inputs.form import Form

_FILLED = frozenset({"model-path", "entry-script"})
"""Inputs that nobody misses while the file that may give them cannot be read."""
_OTHER_SCHEMAS = ("endpoint", "batch", "job", "pipeline", "component")


def read_deployment_file(form: Form) -> None:
    """Add to the form what the input `deployment-file` says. Inputs that are given win over it."""
    file = form.take(SUBJECT, form.workspace.file)
    text = form.check(SUBJECT, str(file), lambda _: _text(file)) if file else None
    if text is None:
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


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RuleBroken(f"`{file.name}` is not UTF-8 text", "Save it as UTF-8.") from error
    except OSError as error:
        raise RuleBroken(f"`{file.name}` cannot be read: {error.strerror}", "Check its permissions.") from error


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
            sheet.refuse(value, what, "Give the YAML that `az ml online-deployment create --file` takes.")
    return bool(sheet.problems)


def _read_parts(form: Form, sheet: Sheet, root: yaml.MappingNode) -> None:
    given = {name for name, text in form.values.items() if text}
    found = sheet.sections(root, (*USED_KEYS, *UNUSED_KEYS, *SILENT_KEYS), may_be_empty=UNUSED_KEYS)
    for key in found:
        if key in UNUSED_KEYS:
            sheet.note(key, UNUSED_KEYS[key])
    values = {key: value for key, (_, value) in found.items()}
    if "model" in values and "model-path" not in given:
        read_model(sheet, values["model"])
    if "code_configuration" in values and not {"entry-script", "source-directory"} <= given:
        read_code_configuration(sheet, values["code_configuration"], own_folder="source-directory" in given)
    if "environment" in values and "environment-file" not in given:
        form.environment = read_environment_part(sheet, values["environment"])
    if "environment_variables" in values:
        form.file_settings = tuple(read_variables(sheet, values["environment_variables"]))
    if form.mode in WITH_AZURE and "sample-request" not in given:
        _find_sample(sheet, root)
    _fill_in(form, sheet, given)


def _find_sample(sheet: Sheet, root: yaml.MappingNode) -> None:
    """The file that Azure ML's own examples have beside the deployment; JSON before anything else."""
    beside = [file for file in sheet.file.parent.glob("sample[-_]request.*") if file.is_file() and file != sheet.file]
    for file in sorted(beside, key=lambda file: (file.suffix != ".json", file.name))[:1]:
        text = sheet.relative(file.name)
        sheet.give("sample-request", text, root)
        sheet.notes.append(f"The last check sends `{text}`, which is beside `{sheet.name}`.")


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
