"""A sample request: one that is there, or one that the script or the model describes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import yaml

from functions_model.core.registered import MODEL_FILE
from functions_model.core.yaml_nodes import NotYaml, compose, document_of
from functions_model.scaffold.looking import Folder

WRITTEN = "sample-request.json"
_THERE = ("sample-request.*", "sample_request.*", "sample.json", "sample*.json", "*sample*.json", "request*.json")
_OF_MLFLOW = frozenset({"serving_input_example.json", "input_example.json"})
_ZEROS: dict[str, Any] = {
    "string": "text",
    "boolean": False,
    "integer": 0,
    "long": 0,
    "float": 0.0,
    "double": 0.0,
    "datetime": "2026-01-01T00:00:00",
}
"""Values by the types of MLflow's signatures: https://mlflow.org/docs/latest/ml/model/signatures/."""


def sample_there(folder: Folder, model: str) -> str:
    """A file that looks like a sample, outside of the model; empty without one."""
    within = PurePosixPath(model or "/")
    found = (file for file in folder.named(*_THERE) if file.name not in _OF_MLFLOW and not file.is_relative_to(within))
    return str(next(found, ""))


def mlflow_sample(folder: Folder, model: str) -> str:
    """A request for an MLflow model, as JSON: its own example, else zeros by its signature; empty without both."""
    document = _document(folder, model)
    if text := folder.text(f"{model}/serving_input_example.json"):
        return text if _is_request(text) else ""
    info = document.get("saved_input_example_info")
    if isinstance(info, dict):
        text = folder.text(f"{model}/{info.get('artifact_path', 'input_example.json')}")
        if request := _by_example(text, str(info.get("type", ""))):
            return request
    signature = document.get("signature")
    return _by_signature(signature.get("inputs")) if isinstance(signature, dict) else ""


def _document(folder: Folder, model: str) -> dict[str, Any]:
    try:
        document = document_of(compose(folder.text(f"{model}/{MODEL_FILE}")))
    except (NotYaml, yaml.YAMLError):
        return {}
    return document if isinstance(document, dict) else {}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_request(text: str) -> bool:
    return isinstance(_json(text), dict)


def _by_example(text: str, kind: str) -> str:
    """What MLflow keeps beside a model: a data frame as pandas splits it, or a tensor."""
    example = _json(text)
    if kind == "dataframe" and isinstance(example, dict) and {"columns", "data"} <= example.keys():
        return _text({"dataframe_split": example})
    if kind == "ndarray" and isinstance(example, dict) and "inputs" in example:
        return _text(example)
    return _text({"inputs": example}) if kind == "ndarray" and example is not None else ""


def _by_signature(inputs: Any) -> str:
    fields = _json(inputs) if isinstance(inputs, str) else None
    if not isinstance(fields, list) or not fields:
        return ""
    named = list(_columns(fields))
    if len(named) == len(fields):
        columns, row = zip(*named, strict=True)
        return _text({"dataframe_split": {"columns": list(columns), "data": [list(row)]}})
    shape = fields[0].get("tensor-spec", {}).get("shape") if isinstance(fields[0], dict) else None
    return _text({"inputs": _zeros(shape)}) if shape and len(fields) == 1 and _is_shape(shape) else ""


def _columns(fields: list[Any]) -> Iterator[tuple[str, Any]]:
    for one in fields:
        if isinstance(one, dict) and isinstance(one.get("name"), str) and one.get("type") in _ZEROS:
            yield one["name"], _ZEROS[one["type"]]


def _is_shape(shape: Any) -> bool:
    whole = isinstance(shape, list) and 0 < len(shape) <= 4 and all(isinstance(size, int) for size in shape)
    return whole and all(size <= 4096 for size in shape)


def _zeros(shape: list[int]) -> Any:
    first, *rest = (max(size, 1) for size in shape)
    return [_zeros(rest) if rest else 0.0 for _ in range(first)]


def _text(request: Any) -> str:
    return json.dumps(request, indent=2) + "\n"
