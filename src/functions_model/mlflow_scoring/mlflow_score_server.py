"""MLflow's own scoring server, called in process: as a function since MLflow 2.6, before as the Flask app that it is.

The formats of MLflow 1 have other names than those of later releases. Both are taken here, whatever the release.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mlflow.pyfunc import scoring_server
from mlflow_score_requests import JSON, document_of

TELLS_FAULTS_APART = hasattr(scoring_server, "invocations")
"""Whether what breaks the signature has a status of its own. Before MLflow 2.6 it is an internal error, as the rest."""
_TAKES_DOCUMENTS = hasattr(scoring_server, "_decode_json_input")
"""Whether a document may be given in the place of its text, which MLflow would read twice: since MLflow 2.9."""
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


def score(body: str | bytes | dict[str, Any], content_type: str, model: Any, schema: Any) -> Scored:
    """What MLflow's server answers.

    Args:
        body: The request's body, or the document that it is.
        content_type: Its type.
        model: Has `predict` and `metadata`.
        schema: The inputs of the model's signature; None without one.

    Raises:
        MlflowException: Since MLflow 2.6: the body cannot be read, does not fit the signature, or the model fails.
    """
    if _TAKES_DOCUMENTS:
        return _invoked(_read(body, content_type), content_type, model, schema)
    text = json.dumps(body) if isinstance(body, dict) else body
    if TELLS_FAULTS_APART:
        return _invoked(text, content_type, model, schema)
    if not hasattr(scoring_server, "parse_split_oriented_json_input_to_numpy"):
        return _posted(text, content_type, model)
    return _as_of_mlflow_1(text, content_type, model)


def _read(body: str | bytes | dict[str, Any], content_type: str) -> Any:
    """The document that a text is; anything else as it is, for MLflow to read or to refuse."""
    if isinstance(body, str) and content_type.partition(";")[0].strip() == JSON:
        return document_of(body) or body
    return body


def _invoked(body: Any, content_type: str, model: Any, schema: Any) -> Scored:
    result = scoring_server.invocations(body, content_type, model, schema)
    return Scored(result.response, result.status)


def _as_of_mlflow_1(body: str | bytes, content_type: str, model: Any) -> Scored:
    """MLflow 1 answers with the predictions alone; to what is written in MLflow 2's words, as MLflow 2 does."""
    name = next((name for name in _SINCE_2 if name in str(body)), "")
    document = document_of(body) if name and content_type.startswith(JSON) else None
    if document is None or name not in document:
        return _posted(body, content_type, model)
    scored = _posted(json.dumps(document[name]), f"{JSON}; format={_SINCE_2[name]}", model)
    if scored.status != 200:
        return scored
    return Scored(json.dumps({"predictions": json.loads(scored.response)}), 200)


def _posted(body: str | bytes, content_type: str, model: Any) -> Scored:
    client = scoring_server.init(model).test_client()
    answer = client.post("/invocations", data=body, content_type=content_type)
    return Scored(answer.get_data(as_text=True), answer.status_code)
