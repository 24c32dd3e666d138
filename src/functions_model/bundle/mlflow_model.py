"""An MLflow model folder, checked without MLflow: https://mlflow.org/docs/latest/ml/model/#storage-format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from functions_model.core.failures import Location, Problem
from functions_model.core.registered import MODEL_FILE, place_in_model
from functions_model.core.yaml_nodes import NotYaml, compose, document_of
from functions_model.image.opened import TextRefused, read_text

FLAVOR = "python_function"
"""The flavor that `mlflow.pyfunc` loads: the one that is served."""
_PLACES = ("model_path", "data", "code", "python_model")
"""What the flavor names below the model's folder."""
_SUBJECT = "model-path"
_LOG_AGAIN = "Log the model again with MLflow, and commit all files of its folder."


def check_mlflow_model(folder: Path, *, root: Path) -> tuple[Problem, ...]:
    """Everything that would keep an MLflow model from being served without an entry script.

    Args:
        folder: The model's folder, absolute.
        root: Problems name files relative to it, where they lie below it.

    Returns:
        The problems; none when the model can be served. A model without a signature can.
    """
    file = folder / MODEL_FILE
    if not file.is_file():
        return (_no_model_file(folder, root),)
    try:
        node = compose(read_text(file))
        document = document_of(node)
    except TextRefused as refused:
        return (_problem(refused.what, _LOG_AGAIN, _shown(file, root), refused.line),)
    except NotYaml as error:
        return (_problem(error.what, _LOG_AGAIN, _shown(file, root), error.line),)
    if not isinstance(document, dict):
        return (_problem("it is not a mapping", _LOG_AGAIN, _shown(file, root)),)
    faults = [*_flavor_faults(document, folder), *_signature_faults(document)]
    return tuple(_problem(what, remedy, _shown(file, root), _line(node, keys)) for what, remedy, keys in faults)


def _problem(what: str, remedy: str, file: Path, line: int | None = None) -> Problem:
    return Problem(what, remedy, _SUBJECT, Location(file, line))


def _shown(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


def _no_model_file(folder: Path, root: Path) -> Problem:
    what = f"`{folder.name}` has no file `{MODEL_FILE}`, so it is not an MLflow model"
    found = sorted(_shown(path.parent, root) for path in folder.glob(f"*/{MODEL_FILE}"))
    if found:
        places = " or ".join(f"`{place}`" for place in found)
        return Problem(what, f"Did you mean {places}?", _SUBJECT)
    return Problem(what, f"Name the folder with `{MODEL_FILE}`, or give an entry script.", _SUBJECT)


def _flavor_faults(document: dict[str, Any], folder: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    flavors = document.get("flavors")
    flavors = flavors if isinstance(flavors, dict) else {}
    flavor = flavors.get(FLAVOR)
    if not isinstance(flavor, dict) or not flavor.get("loader_module"):
        others = ", ".join(f"`{name}`" for name in flavors if name != FLAVOR) or "no others"
        what = f"the model has no flavor `{FLAVOR}`, which is the one that is served (it has {others})"
        yield what, "Give an entry script that loads it, or log it with that flavor.", ("flavors",)
        return
    for keys, place in _places(flavor, folder):
        if not _is_inside(folder, place):
            yield f"`{place}` is not in the model's folder", _LOG_AGAIN, ("flavors", FLAVOR, *keys)


def _places(flavor: dict[str, Any], folder: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each path that the flavor names, with its keys. Environment files count only when none of them is there."""
    for key in _PLACES:
        if isinstance(flavor.get(key), str):
            yield (key,), flavor[key]
    if isinstance(code := flavor.get("model_code_path"), str):
        yield ("model_code_path",), place_in_model(code).name
    env = flavor.get("env")
    files = env if isinstance(env, dict) else {"": env}
    named = [(("env", key), place) for key, place in files.items() if isinstance(place, str)]
    if not any(_is_inside(folder, place) for _, place in named):
        yield from named
    artifacts = flavor.get("artifacts")
    for key, artifact in (artifacts if isinstance(artifacts, dict) else {}).items():
        if isinstance(artifact, dict) and isinstance(artifact.get("path"), str):
            yield ("artifacts", key, "path"), artifact["path"]


def _is_inside(folder: Path, place: str) -> bool:
    try:
        path = (folder / place_in_model(place)).resolve()
        return path.exists() and path.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # no path, or a circle of links
        return False


def _signature_faults(document: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    signature = document.get("signature")
    if signature is None:
        return
    if not isinstance(signature, dict):
        yield "`signature` is not a mapping", _LOG_AGAIN, ("signature",)
        return
    for key in ("inputs", "outputs", "params"):
        text = signature.get(key)
        if text is not None and not _is_schema(text):
            yield f"the signature's `{key}` is not a JSON list of typed fields", _LOG_AGAIN, ("signature", key)


def _is_schema(text: Any) -> bool:
    try:
        fields = json.loads(text)
    except (TypeError, ValueError):
        return False
    return isinstance(fields, list) and all(isinstance(field, dict) and "type" in field for field in fields)


def _line(node: yaml.Node | None, keys: tuple[str, ...]) -> int | None:
    """The line of the innermost of the keys that is there, counted from 1."""
    line = None
    for wanted in keys:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        found = [(key, value) for key, value in pairs if key.value == wanted]
        if not found:
            break
        line, node = found[0][0].start_mark.line + 1, found[0][1]
    return line
