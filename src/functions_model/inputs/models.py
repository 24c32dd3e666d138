"""`model-path`, `model-name` and `model-version`: files of the workspace, and registered models."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from functions_model.core.failures import RuleBroken
from functions_model.core.registered import RegisteredAsset, is_mlflow_model
from functions_model.core.spec import Model
from functions_model.inputs import derived, rules
from functions_model.inputs.assets import is_reference, take_asset
from functions_model.inputs.form import Form

NO_MODELS = "[]"
_INPUT = "model-path"
_NAMED = re.compile(r"(?P<name>[^=:/\\]*)(?::(?P<version>[^=:/\\]*))?=(?P<path>.*)")


Entry: TypeAlias = Model | RegisteredAsset
"""A line of `model-path`. Name and version of a model of the workspace are empty where the line does not say them."""


def read_models(form: Form) -> tuple[Model | RegisteredAsset, ...] | None:
    """The models in their order; None when some are missing or wrong, with the problems noted."""
    text = form.text(_INPUT)
    given_name = form.take("model-name", rules.model_name)
    given_version = form.take("model-version", rules.positive_number)
    if not text:
        form.miss(_INPUT, "Give the model: a file or a folder in the workspace.")
        return None
    lines = [] if text == NO_MODELS else [line.strip() for line in text.splitlines() if line.strip()]
    entries = [_entry(form, line) for line in lines]
    found = [entry for entry in entries if entry]
    _refuse_names(form, found if len(found) == len(entries) else None)
    alone = len(entries) == 1
    models = tuple(_complete(entry, given_name if alone else "", given_version if alone else "") for entry in found)
    _refuse_twins(form, models)
    return models if len(found) == len(entries) else None


def needs_no_script(models: Sequence[Model | RegisteredAsset]) -> bool:
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
        raise RuleBroken(
            f"`{match[0]}` gives a registered model another name", f"Write `{path}` alone: it keeps its name."
        )
    if not path:
        raise RuleBroken(f"`{match[0]}` has no path", "Write it as `name=path` or `name:version=path`.")
    name = rules.model_name(match["name"].strip())
    version = "" if match["version"] is None else rules.positive_number(match["version"].strip())
    return Model(name, version, form.workspace.model(path))


def _complete(entry: Entry, name: str, version: str) -> Model | RegisteredAsset:
    if isinstance(entry, RegisteredAsset):
        return entry
    return Model(entry.name or name or derived.model_name(entry.path), entry.version or version or "1", entry.path)


def _refuse_names(form: Form, entries: list[Entry] | None) -> None:
    """`model-name` and `model-version` are for one path that says neither."""
    reason = None if entries is None else _why_no_names(entries)
    for name in ("model-name", "model-version"):
        if reason and form.text(name):
            form.refuse(name, *reason)


def _why_no_names(entries: list[Entry]) -> tuple[str, str] | None:
    if not entries:
        return "it is given, and `model-path` names no model", "Remove it."
    if len(entries) > 1:
        return (
            "it is given beside several models",
            "Remove it, and write `name=path` or `name:version=path` in `model-path`.",
        )
    entry = entries[0]
    if isinstance(entry, RegisteredAsset):
        return "it is given beside a registered model, which has its own", "Remove it."
    if entry.name:
        return "it is given, and `model-path` names the model itself", "Remove it, or give the path alone."
    return None


def _refuse_twins(form: Form, models: tuple[Model | RegisteredAsset, ...]) -> None:
    counts = Counter((model.name, model.version) for model in models)
    for (name, version), count in counts.items():
        if count > 1:
            which = f"version `{version}`" if version else "the latest version"
            form.refuse(
                _INPUT,
                f"{count} models are called `{name}` and have {which}",
                "Tell them apart with `name=path` or `name:version=path`.",
            )
