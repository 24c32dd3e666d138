"""A request's body, in one of the formats of `mlflow models serve`.

Azure ML's own format, `input_data`, is written in MLflow's words, so that both are read by the same code:
https://learn.microsoft.com/azure/machine-learning/how-to-deploy-mlflow-models#input-structure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_score_refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Collection

JSON = "application/json"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
AZUREML = "input_data"
MLFLOW = ("dataframe_split", "dataframe_records", "inputs", "instances")
_SAYS_NOTHING = frozenset(
    {"", "application/octet-stream", "text/plain", "application/x-www-form-urlencoded", "binary/octet-stream"}
)
"""What blobs and messages carry when nobody chose a type, and what curl sends by default."""
_SPLIT = frozenset({"columns", "index", "data"})


@dataclass(frozen=True)
class Asked:
    """One request.

    Attributes:
        content_type: One that MLflow's server reads, or the caller's own, for it to refuse.
        body: Text, bytes in a format that is not text, or the document that Azure ML's own was translated to.
        bare: Whether the answer is the predictions alone, as Azure ML gives it, and not `{"predictions": ...}`.
    """

    content_type: str
    body: str | bytes | dict[str, Any]
    bare: bool = False


def read_request(body: bytes, content_type: str, input_names: Collection[str]) -> Asked:
    """What is asked.

    Args:
        body: The request's body.
        content_type: Its header; empty when there is none.
        input_names: The names of the inputs in the model's signature; empty without any.

    Raises:
        Refused: The body is not text, or two formats are given at once.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _SAYS_NOTHING:
        kind = content_type = _guessed(body)
    if kind not in {JSON, CSV}:
        return Asked(content_type, body)
    text = _decoded(body)
    if kind == JSON and AZUREML in text and AZUREML in (document := document_of(text) or {}):
        return Asked(JSON, _translated(document, input_names), bare=True)
    return Asked(content_type, text)


def _guessed(body: bytes) -> str:
    if body.startswith(b"PAR1"):
        return PARQUET
    return JSON if body.lstrip()[:1] in {b"", b"{", b"[", b'"'} else CSV


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"Invalid input. The body is not UTF-8 text: {error.reason} at byte {error.start}."
        raise Refused(message) from None


def document_of(text: str | bytes) -> dict[str, Any] | None:
    """The JSON object that a text is; None for all else, of which MLflow tells what is wrong."""
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _translated(document: dict[str, Any], input_names: Collection[str]) -> dict[str, Any]:
    """The same in MLflow's words."""
    others = [name for name in MLFLOW if name in document]
    if others:
        message = f"Invalid input. The body has both `{AZUREML}` and `{others[0]}`. Give one of the two."
        raise Refused(message)
    data = document[AZUREML]
    translated = {"dataframe_split" if _is_split(data, input_names) else "inputs": data}
    if document.get("params") is not None:
        translated["params"] = document["params"]
    return translated


def _is_split(data: Any, input_names: Collection[str]) -> bool:
    """Whether it is a table in pandas' split form, and not named tensors that happen to be called so."""
    if not isinstance(data, dict) or not {"columns", "data"} <= data.keys() <= _SPLIT:
        return False
    return not data.keys() <= set(input_names)
