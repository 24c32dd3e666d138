"""Names iris flowers. An entry script as Azure ML online endpoints take it."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import joblib
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema

FLOWERS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
"""Sepal length and width, petal length and width, in centimetres."""
ANSWER = {"species": ["setosa", "virginica"], "certainty": [0.98, 0.95]}


def init() -> None:
    """Called once, when the first request comes."""
    global model  # noqa: PLW0603 - Azure ML's contract: init() loads, run() uses
    path = Path(os.environ["AZUREML_MODEL_DIR"]) / "model" / "model.joblib"
    model = joblib.load(path)
    logging.getLogger(__name__).info("loaded %s", path.name)


@input_schema("data", StandardPythonParameterType(FLOWERS))
@output_schema(StandardPythonParameterType(ANSWER))
def run(data: list[list[float]]) -> dict[str, Any]:
    """Called for each request; `data` is that field of the request's JSON."""
    certainty = model.predict_proba(data).max(axis=1)
    return {"species": model.predict(data).tolist(), "certainty": certainty.round(4).tolist()}
