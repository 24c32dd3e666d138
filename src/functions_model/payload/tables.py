"""Tables of an MLflow model without a script of the user's: collected by ours, as Azure ML does with one switch.

The collections are those that its monitors look for: `model_inputs`, `model_outputs`, and `model_inputs_outputs` where
a row has both. Tensors are no tables, and left out.
https://learn.microsoft.com/azure/machine-learning/how-to-collect-production-data#collect-data-for-mlflow-models.
"""

from __future__ import annotations

import json
import sys
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from .collected import Record, small_table
from .sink import BROKEN

if TYPE_CHECKING:
    from .collecting import Collecting

SCRIPT = "mlflow_score_model"
"""The module of ours that calls the model. It is there when the server has loaded the script."""
INPUTS, OUTPUTS, BOTH = "model_inputs", "model_outputs", "model_inputs_outputs"
PREDICTION = "prediction"
"""The column of predictions that have no name."""


def lead_tables(collecting: Collecting) -> None:
    """Have each table and its predictions brought here, where our script runs and they are wanted."""
    script = sys.modules.get(SCRIPT)
    if script is not None and any(collecting.rates.get(name, collecting.others) for name in (INPUTS, OUTPUTS, BOTH)):
        script.__dict__["collect"] = partial(take, collecting)


def take(collecting: Collecting, table: Any, predictions: Any) -> None:
    """Take a table and its predictions. Whatever they are, the request goes on."""
    if not hasattr(table, "to_json"):
        return
    correlation = str(uuid.uuid4())
    try:
        for name in (INPUTS, OUTPUTS, BOTH):
            if collecting.wants(name, correlation):
                written = _written(name, table, predictions)
                collecting.sink.put(Record(name, written, correlation=correlation, is_line=True))
    except Exception:  # noqa: BLE001 - a prediction may be anything
        collecting.sink.lose(BROKEN)


def _written(name: str, table: Any, predictions: Any) -> bytes:
    if name == INPUTS:
        return _of_table(table)
    rows = json.loads(_of_table(predictions)) if hasattr(predictions, "columns") else _rows(predictions)
    if name == BOTH:
        rows = [{**row, **answer} for row, answer in zip(json.loads(_of_table(table)), rows, strict=True)]
    return json.dumps(rows, separators=(",", ":")).encode()


def _of_table(table: Any) -> bytes:
    written = small_table(table)
    return written if written is not None else table.to_json(orient="records").encode()


def _rows(predictions: Any) -> list[dict[str, Any]]:
    """A row for each prediction; one of several values has a column for each."""
    values = predictions.tolist() if hasattr(predictions, "tolist") else list(predictions)
    return [
        {str(number): one for number, one in enumerate(value)} if isinstance(value, list) else {PREDICTION: value}
        for value in values
    ]
