"""The inputs that name files of the workspace or registered models: `model-*`, the entry script and its company."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from functions_model.core.failures import RuleBroken
from functions_model.core.registered import RegisteredAsset, is_mlflow_model
from functions_model.core.spec import Code, Model
from functions_model.image.opened import MOST_SAMPLE, read_whole, remedy_for
from functions_model.inputs import rules
from functions_model.inputs.assets import is_reference, take_asset
from functions_model.inputs.form import Form
from functions_model.inputs.import_roots import common_folder, given_roots, import_roots
from functions_model.inputs.paths import Workspace, check_fetched
from functions_model.inputs.placing import model_name
from functions_model.inputs.specs import WITH_AZURE

NO_MODELS = "[]"
_INPUT = "model-path"
_HOST_JSON = "host.json"
_AS_UTF8 = "Save it as UTF-8 without a byte order mark."
_TEXTS = frozenset({".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".xml", ".html", ".yaml", ".yml"})
_OTHER_ENDING = "Fix it; or, if it is not meant to be JSON, give it another ending."
_NAMED = re.compile(r"(?P<name>[^=:/\\]*)(?::(?P<version>[^=:/\\]*))?=(?P<path>.*)")

Entry: TypeAlias = Model | RegisteredAsset
"""A line of `model-path`. Name and version of a model of the workspace are empty where the line does not say them."""


def read_models(form: Form) -> tuple[Entry, ...] | None:
    """The models in their order; None when some are missing or wrong, with the problems noted."""
    text = form.text(_INPUT)
    given_name = form.take("model-name", rules.model_name)
    given_version = form.take("model-version", rules.positive_number)
    if not text:
        form.miss(_INPUT, f"Set it to the model's file or folder.{_or_an_image(form)}")
        return None
    lines = [] if text == NO_MODELS else [line.strip() for line in text.splitlines() if line.strip()]
    entries = [_entry(form, line) for line in lines]
    found = [entry for entry in entries if entry]
    _refuse_names(form, found if len(found) == len(entries) else None)
    alone = len(entries) == 1
    models = tuple(_complete(entry, given_name if alone else "", given_version if alone else "") for entry in found)
    _refuse_twins(form, models)
    return models if len(found) == len(entries) else None


def _or_an_image(form: Form) -> str:
    """A GitHub action's input that came out empty looks like one that was not given."""
    builds = form.text("entry-script") or form.text("deployment-file")
    if builds or form.mode not in WITH_AZURE:
        return ""
    return (
        " If you want to deploy an existing image: `image` is not set, or is empty; check the job that it comes from."
    )


def needs_no_script(models: Sequence[Entry]) -> bool:
    """Whether the only model is an MLflow model, or a registered one, which may turn out to be one."""
    if len(models) != 1:
        return False
    model = models[0]
    return isinstance(model, RegisteredAsset) or is_mlflow_model(model.path)


def _entry(form: Form, line: str) -> Entry | None:
    if is_reference(line):
        return take_asset(form, _INPUT, line, "models")
    match = _NAMED.fullmatch(line)
    if match is None or form.workspace.holds(line):
        path = form.check(_INPUT, line, form.workspace.model)
        return Model("", "", path) if path else None
    return form.check(_INPUT, line, lambda _: _named(form, match))


def _named(form: Form, match: re.Match[str]) -> Model:
    path = match["path"].strip()
    if is_reference(path):
        what = f"`{match[0]}` gives a registered model another name"
        raise RuleBroken(what, f"Write `{path}` alone: it keeps its name.")
    if not path:
        raise RuleBroken(f"`{match[0]}` has no path", "Write it as `name=path` or `name:version=path`.")
    name = rules.model_name(match["name"].strip())
    version = "" if match["version"] is None else rules.positive_number(match["version"].strip())
    return Model(name, version, form.workspace.model(path))


def _complete(entry: Entry, name: str, version: str) -> Entry:
    if isinstance(entry, RegisteredAsset):
        return entry
    return Model(entry.name or name or model_name(entry.path), entry.version or version or "1", entry.path)


def _refuse_names(form: Form, entries: list[Entry] | None) -> None:
    """`model-name` and `model-version` are for one path that says neither."""
    reason = None if entries is None else _why_no_names(entries)
    for name in ("model-name", "model-version"):
        if reason and form.text(name):
            form.refuse(name, *reason)


def _why_no_names(entries: list[Entry]) -> tuple[str, str] | None:
    if not entries:
        return "it is set, but `model-path` names no model", "Remove it."
    if len(entries) > 1:
        remedy = "Remove it, and write `name=path` or `name:version=path` in `model-path`."
        return "it cannot be combined with several models", remedy
    entry = entries[0]
    if isinstance(entry, RegisteredAsset):
        return "it cannot be combined with a registered model, which has its own", "Remove it."
    if entry.name:
        return "it is set, but `model-path` names the model itself", "Remove it, or give only the path."
    return None


def _refuse_twins(form: Form, models: tuple[Entry, ...]) -> None:
    counts = Counter((model.name, model.version) for model in models)
    for (name, version), count in counts.items():
        if count > 1:
            which = f"version `{version}`" if version else "the latest version"
            what = f"{count} models are called `{name}` and have {which}"
            form.refuse(_INPUT, what, "Tell them apart with `name=path` or `name:version=path`.")


def read_code(form: Form, models: Sequence[Entry] | None) -> Code | None:
    """The user's code; None when the model needs none, or something is wrong with it.

    Args:
        form: The texts.
        models: The models; None when they could not be read, though they were given.
    """
    written = form.text("entry-script")
    folder, roots = form.take("source-directory", form.workspace.folder_in), given_roots(form)
    if not written:
        _check_missing(form, models)
        return None
    script = form.take("entry-script", lambda text: _entry_script(text, form.workspace, folder))
    if not script:
        return None
    code = Code(script, folder or common_folder(script.parent, *roots), written)
    return replace(code, import_roots=import_roots(form, code, roots))


def _check_missing(form: Form, models: Sequence[Entry] | None) -> None:
    if models is None and form.text("model-path"):
        return
    if models is None or not needs_no_script(models):
        form.miss("entry-script", "Set it to the Python script with `init()` and `run()`.")
    for name in ("source-directory", "import-roots"):
        if form.text(name) and models is not None and needs_no_script(models):
            what = "it is set without `entry-script`, but an MLflow model alone does not use your code"
            form.refuse(name, what, "Set both, or neither.")


def read_host_json(form: Form, code: Code | None) -> Path | None:
    """The file that was given, or the one in the source directory."""
    if form.text("host-json"):
        return form.take("host-json", form.workspace.file)
    beside = code.source_directory / _HOST_JSON if code else None
    if beside is None or not beside.is_file():
        return None
    return form.check("host-json", str(beside), form.workspace.file)


def _entry_script(text: str, workspace: Workspace, folder: Path | None) -> Path:
    """The script, relative to the workspace or, as Azure ML reads it, to the source directory."""
    if folder is not None:
        inside = folder.relative_to(workspace.folder) / text
        if not text.startswith("/") and (folder / text).is_file():
            text = str(inside)
    script = workspace.file(text)
    if script.suffix != ".py":
        raise RuleBroken(f"`{text}` is not a Python file", "Name a script that ends with `.py`.")
    if folder is not None and not script.is_relative_to(folder):
        shown, both = (path.relative_to(workspace.folder) for path in (folder, common_folder(folder, script.parent)))
        remedy = f"Set `source-directory: {both}`, and, if the script imports from `{shown}`, `import-roots: {shown}`."
        raise RuleBroken(f"`{text}` lies outside the source directory `{shown}`", remedy)
    return script


def take_sample(form: Form) -> Path | None:
    """The file, with what is wrong with it noted; None when none is given."""
    return form.take("sample-request", lambda text: read_sample(text, form.workspace))


def read_sample(text: str, workspace: Workspace) -> Path:
    """The file that a text names.

    Raises:
        RuleBroken: There is none, or nothing could read it.
    """
    path = workspace.file(text)
    check_fetched(path)
    try:
        content = read_whole(path, MOST_SAMPLE)
    except OSError as error:
        raise RuleBroken(f"`{text}` cannot be read: {error.strerror}", remedy_for(error)) from error
    if not content:
        raise RuleBroken(f"the file `{text}` is empty", "Write a request into it, or leave `sample-request` out.")
    if path.suffix.lower() in _TEXTS and content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise RuleBroken(f"`{text}` is in UTF-16, as PowerShell writes it, and would be sent as it is", _AS_UTF8)
    if path.suffix.lower() == ".json":
        _check_json(content, text)
    return path


def _check_json(content: bytes, text: str) -> None:
    """Whether Python reads it, as it is sent: as JSON, byte by byte.

    Raises:
        RuleBroken: It begins with a byte order mark (RFC 8259, section 8.1), is not UTF-8, or is no JSON.
    """
    if content.startswith(BOM_UTF8):
        raise RuleBroken(f"`{text}` begins with a byte order mark, which JSON must not have", _AS_UTF8)
    try:
        json.loads(content.decode())
    except UnicodeDecodeError as error:
        raise RuleBroken(f"`{text}` is not UTF-8, as JSON must be", _AS_UTF8) from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RuleBroken(f"`{text}` is not JSON: {error.msg} in {where}", _OTHER_ENDING) from error
    except RecursionError as error:
        raise RuleBroken(f"`{text}` is JSON that is nested too deeply", _OTHER_ENDING) from error
    except ValueError:  # a number of more digits than Python takes by default; other readers may
        return
