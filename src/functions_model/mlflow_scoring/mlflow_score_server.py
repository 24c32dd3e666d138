"""MLflow's own scoring server, called in process: as a function since MLflow 2.6, before as the Flask app that it is.

The formats of MLflow 1 have other names than those of later releases. Both are taken here, whatever the release.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mlflow.pyfunc import scoring_server

TELLS_FAULTS_APART = hasattr(scoring_server, "invocations")
"""Whether what breaks the signature has a status of its own. Before MLflow 2.6 it is an internal error, as the rest."""
_JSON = "application/json"
_SINCE_2 = {"dataframe_split": "pandas-split", "dataframe_records": "pandas-records"}
"""The formats of MLflow 2 and later that MLflow 1 has as another content type, without a name in the body."""


@dataclass(frozen=True)
class Scored:
    """MLflow's answer.

    Attributes:
        response: The predictions as JSON, or what is wrong, as MLflow says it.
        status: The HTTP status.
    """

    response: str
    status: int


def score(body: str | bytes, content_type: str, model: Any, schema: Any) -> Scored:
    """What MLflow's server answers.

    Args:
        body: The request's body.
        content_type: Its type.
        model: Has `predict` and `metadata`.
        schema: The inputs of the model's signature; None without one.

    Raises:
        MlflowException: Since MLflow 2.6: the body cannot be read, does not fit the signature, or the model fails.
    """
    if TELLS_FAULTS_APART:
        result = scoring_server.invocations(body, content_type, model, schema)
        return Scored(result.response, result.status)
    if not hasattr(scoring_server, "parse_split_oriented_json_input_to_numpy"):
        return _posted(body, content_type, model)
    return _as_of_mlflow_1(body, content_type, model)


def _as_of_mlflow_1(body: str | bytes, content_type: str, model: Any) -> Scored:
    """MLflow 1 answers with the predictions alone; to what is written in MLflow 2's words, as MLflow 2 does."""
    name = next((name for name in _SINCE_2 if name in str(body)), "")
    document = _document(body) if name and content_type.startswith(_JSON) else None
    if not isinstance(document, dict) or name not in document:
        return _posted(body, content_type, model)
    scored = _posted(json.dumps(document[name]), f"{_JSON}; format={_SINCE_2[name]}", model)
    if scored.status != 200:
        return scored
    return Scored(json.dumps({"predictions": json.loads(scored.response)}), 200)


def _document(body: str | bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _posted(body: str | bytes, content_type: str, model: Any) -> Scored:
    client = scoring_server.init(model).test_client()
    answer = client.post("/invocations", data=body, content_type=content_type)
    return Scored(answer.get_data(as_text=True), answer.status_code)
